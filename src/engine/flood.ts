// Whether a lane would write too many dead letters: a wrong schema upstream should stop the lane,
// not fill a topic. It counts the last records; older ones weigh less. A micro-batch that is held
// back is not counted, so that it stays held back.

import type { Outcome } from '../scoring/outcome.ts';
import type { FloodPolicy } from './limits.ts';
import type { Failure } from './messages.ts';

export interface Recent {
  records: number;
  dead: number;
}

/** Counts the micro-batch, unless that would be a flood: then returns what is wrong. */
export function countUnlessFlood(
  recent: Recent,
  { scored, deadLetters, refusal }: Pick<Outcome, 'scored' | 'deadLetters' | 'refusal'>,
  { share, recordsMin }: FloodPolicy,
): Failure | null {
  const records = recent.records + scored + deadLetters;
  const dead = recent.dead + deadLetters;
  if (deadLetters > 0 && records >= recordsMin && dead > share * records) {
    const of = `${Math.round(dead)} of the last ${Math.round(records)} records`;
    const message = `${of} would be dead letters, more than deadLetters.floodShare allows`;
    const failure = { code: 'SCORELANE_DEAD_LETTER_FLOOD', message };
    return refusal === null ? failure : { ...failure, refusal };
  }
  const weight = records >= 2 * recordsMin ? 0.5 : 1;
  recent.records = records * weight;
  recent.dead = dead * weight;
  return null;
}
