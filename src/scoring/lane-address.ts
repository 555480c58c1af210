// The name of a lane, where something is asked about it.

import type { TopicPartition } from '../log/topic-partition.ts';

/** Names the lane, and the ownership during which something was asked of it. */
export interface LaneAddress extends TopicPartition {
  readonly epoch: number;
  /** As the partition was assigned with. */
  readonly incarnation?: string;
  /** The same. */
  readonly placedBy?: readonly number[];
}
