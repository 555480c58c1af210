// A lane whose state is on one thread, as its pool knows it.

import { SerialQueue } from '../base/serial-queue.ts';
import type { NextOffset } from '../log/offset.ts';
import type { Beginning } from '../log/offset-before.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { Begun } from './beginnings.ts';
import { type SnapshotOptions, SnapshotSchedule } from './snapshot-schedule.ts';

/*
 * Its life, across threads:
 *
 *                        restore                    proven, or begun where nothing is assumed
 *   (unknown) ---------> BUILDING ---------> UNPROVEN ---------> PROVEN
 *       ^                   |                   |                 |   ^
 *       |   a newer restore,|                   |                 |   | snapshot, move to another thread:
 *       |   or forget       |                   |                 +---+ between two micro-batches, in the lane's queue
 *       +-------------------+-------------------+-----------------+
 *            the thread is lost, or a micro-batch fails: `StateLostError`, and the engine restores it;
 *            `lost`: a request did not find it, and the engine is told;
 *            forget: the lane is another's. Of a lane that is PROVEN a last snapshot stays behind.
 *
 * BUILDING: wanted, and not among the lanes yet. UNPROVEN: it may have begun too late, and is
 * not scored with. In both, and in PROVEN, all that goes to the thread for a lane goes in order,
 * and `sentTo` is where its state will stand then.
 */
export interface StatefulLane {
  readonly key: string;
  /** What threads are told of it. */
  readonly address: LaneAddress;
  /** The identity of the plan that its state was begun with, as in `Deployment`. */
  readonly plan: string | undefined;
  readonly snapshots: SnapshotSchedule;
  /** Records from there on are scored. */
  readonly position: NextOffset;
  /** Set until it is known that the state began early enough. */
  unproven: Beginning | undefined;
  /** Where the state will stand when all that was sent is done. */
  sentTo: number;
  /** What has to be done before the next micro-batch may be sent. */
  readonly queue: SerialQueue;
}

/** Where a state is: the number of a thread, and the ownership. */
export interface LanePlace {
  readonly epoch: number;
  readonly thread: number;
}

/** One whose state has begun. */
export const newStatefulLane = (
  { address, position, plan }: Pick<StatefulLane, 'address' | 'position' | 'plan'>,
  { offset, unproven }: Begun,
  options: SnapshotOptions,
): StatefulLane => ({
  key: keyOf(address),
  address,
  plan,
  snapshots: new SnapshotSchedule(address, position, options),
  position,
  unproven,
  sentTo: offset,
  queue: new SerialQueue(),
});
