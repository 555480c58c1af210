// The partition counts by which the records of a lane may have been placed, as far as is known now.
// A producer may learn of new partitions before the group does. So no record is called misplaced
// before the number of partitions was asked again.

import { placedBy } from '../log/placed-by.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { PartitionCounts } from '../worker-protocol/messages.ts';
import { StateLostError } from '../worker-protocol/messages.ts';

export interface Counted {
  readonly now: PartitionCounts;
  /** Counts again. Resolves to whether the input's number of partitions is known. Never rejects. */
  ask(): Promise<boolean>;
}

/** The counts that came with the lane, and the count of now. */
export const placedNow = (
  { partition, placedBy: told = [] }: LaneAddress,
  { input }: PartitionCounts,
): readonly number[] => placedBy(partition, [...told, input]);

/**
 * Throws `StateLostError` where the misplaced records may have been placed by another count, or
 * where nobody can tell. Then the state begins again, and the records are scored again with it.
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
