// Whether a lane would write too many dead letters: a wrong schema upstream should stop it, not
// fill a topic. Counts of the last records, older ones weighing less; a micro-batch that is held
// back is not counted, so that it stays held back.

import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';

export interface FloodPolicy {
  /** More than this share of dead letters is a flood; 1 is never one. */
  readonly share: number;
  /** Records to be looked at before anything is said. */
  readonly recordsMin: number;
}

export interface Recent {
  records: number;
  dead: number;
}

/** Counts the micro-batch, unless it would be a flood: then says so in words. */
export function countUnlessFlood(
  recent: Recent,
  { scored, deadLetters, refusal }: Pick<ScoredMicroBatch, 'scored' | 'deadLetters' | 'refusal'>,
  { share, recordsMin }: FloodPolicy,
): string | null {
  const records = recent.records + scored + deadLetters;
  const dead = recent.dead + deadLetters;
  if (deadLetters > 0 && records >= recordsMin && dead > share * records) {
    const of = `${Math.round(dead)} of the last ${Math.round(records)} records`;
    const message = `${of} would be dead letters, more than deadLetters.floodShare allows`;
    return refusal === null ? message : `${message}; one of them: ${refusal}`;
  }
  const weight = records >= 2 * recordsMin ? 0.5 : 1;
  recent.records = records * weight;
  recent.dead = dead * weight;
  return null;
}
