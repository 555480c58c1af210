// Which records above the committed offsets have their answer already: what a daemon that was
// killed had written and not yet committed. Read from the ends of the outputs, no further back than
// needed.

import type { OffsetRange } from '../log/offset.ts';
import { type Answer, type AnswerTopics, eachAnswer } from './answers.ts';
import { Bitmap } from './bitmap.ts';

/** Records of each output partition that are read at first; then four times as many, and so on. */
const FIRST_TAIL = 20_000;
const GROWTH = 4;

export interface AnsweredPlan extends AnswerTopics {
  /**
   * By input partition, from the committed offset to the end; an empty range where nothing was ever
   * committed.
   */
  readonly uncommitted: readonly OffsetRange[];
}

/**
 * By input partition, the records in `uncommitted` that have a result or a dead letter. Goes back
 * until the older half of what it has read of an output partition answers only what is committed:
 * after several crashes in a row answers stand in several runs.
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
