// By which partition counts the records of a lane may have been placed, as far as is known now. A producer may learn of a topic's growth
// before the group does: so nothing is called misplaced before it was asked how many partitions there are.

import { placedBy } from '../log/placed-by.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { PartitionCounts } from '../worker-protocol/messages.ts';
import { StateLostError } from '../worker-protocol/messages.ts';

export interface Counted {
  readonly now: PartitionCounts;
  /** Counts anew. Resolves to whether it is known how many partitions the input has now. Never rejects. */
  ask(): Promise<boolean>;
}

/** What was told of the lane, and what was counted since. */
export const placedNow = (
  { partition, placedBy: told = [] }: LaneAddress,
  { input }: PartitionCounts,
): readonly number[] => placedBy(partition, [...told, input]);

/**
 * Throws `StateLostError` where another count may be the one by which misplaced records were placed, or nobody can tell: the state begins
 * again, and what was scored is scored with it.
 */
export async function lookAgain(lane: LaneAddress, counts: Counted): Promise<void> {
  if (!(await counts.ask())) {
    throw new StateLostError(
      `records of ${keyOf(lane)} seem misplaced, and nobody says how many partitions its topic has now: it is asked again`,
    );
  }
  if (placedNow(lane, counts.now).join() === lane.placedBy?.join()) return;
  throw new StateLostError(
    `the topic of ${keyOf(lane)} has ${counts.now.input} partitions now, by which records may have been placed: the state begins again`,
  );
}
