// Answers that lie in another partition than where they belong.

import type { HistoryEvent } from '../guarantees/history.ts';

type Appended = Extract<HistoryEvent, { type: 'appended' }>;

/** `isSettled`: that record came when everybody could know how many partitions there are. */
export const astray = (
  history: readonly HistoryEvent[],
  isSettled: (event: Appended) => boolean,
): readonly string[] =>
  history.flatMap((event) => {
    if (event.type !== 'appended' || event.into === undefined) return [];
    const { kind, partition, offset, into } = event;
    if (into.partition === into.home || !isSettled(event)) return [];
    return [
      `the ${kind} of ${partition}, offset ${offset}, is in ${into.partition}, and belongs into ${into.home}`,
    ];
  });
