// What the driver tells about its work to those who count, measure and log.

import type { AssignedPartition, CommitOffset, OutOfRange } from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';
import type { Effect, Failure } from './messages.ts';

export interface Observer {
  scored?(microBatch: MicroBatch, scored: ScoredMicroBatch, waitedMs: number): void;
  /** Some results were refused. There are dead letters in their place. */
  mended?(lane: LaneAddress, scored: ScoredMicroBatch): void;
  produced?(partition: TopicPartition, scored: ScoredMicroBatch, producedInMs: number): void;
  committed?(offsets: readonly CommitOffset[]): void;
  commitFailed?(failure: Failure): void;
  logEndsUnknown?(failure: Failure): void;
  assigned?(partitions: readonly AssignedPartition[]): void;
  outOfRange?(event: OutOfRange): void;
  effect?(effect: Effect): void;
}
