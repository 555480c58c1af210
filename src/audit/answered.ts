// Finds the records above the committed offsets that already have their answers: a daemon that was
// killed had written them and not yet committed. The outputs are read from their ends, no further
// back than needed.

import type { OffsetRange } from '../log/offset.ts';
import { type Answer, type AnswerTopics, eachAnswer } from './answers.ts';
import { Bitmap } from './bitmap.ts';

/**
 * How many records of each output partition are read at first; then four times as many, and so on.
 */
const FIRST_TAIL = 20_000;
const GROWTH = 4;

export interface AnsweredPlan extends AnswerTopics {
  /**
   * For each input partition: from the committed offset to the end. The range is empty where
   * nothing was ever committed.
   */
  readonly uncommitted: readonly OffsetRange[];
}

/**
 * For each input partition, the records in `uncommitted` that have a result or a dead letter. Each
 * output partition is read further back until the older half of the read records answers only
 * committed records: after several crashes in a row there may be several groups of such answers.
 */
export async function answeredAbove(plan: AnsweredPlan): Promise<Bitmap[]> {
  const found = plan.uncommitted.map(({ from, until }) => new Bitmap(from, until));
  for (const [kind, { ranges }] of [
    ['result', plan.results],
    ['deadLetter', plan.deadLetters],
  ] as const) {
    let open = new Set(ranges.keys());
    for (let tail = FIRST_TAIL; open.size > 0; tail *= GROWTH) {
      const tails = ranges.map(({ from, until }, partition) =>
        open.has(partition) ? { from: Math.max(from, until - tail), until } : { from: 0, until: 0 },
      );
      const oldest = new Map<number, number>();
      await eachAnswer(plan, kind, tails, (answer: Answer) => {
        const { partition, offset, outputPartition, outputOffset } = answer;
        const { from, until } = plan.uncommitted[partition] ?? { from: 0, until: 0 };
        if (offset < from || offset >= until) return;
        found[partition]?.set(offset);
        if (!oldest.has(outputPartition)) oldest.set(outputPartition, outputOffset);
      });
      open = new Set(
        [...open].filter((partition) => {
          const { from, until } = tails[partition] as OffsetRange;
          const first = oldest.get(partition) ?? until;
          return from > (ranges[partition] as OffsetRange).from && first < (from + until) / 2;
        }),
      );
    }
  }
  return found;
}
