// What the driver tells about its work to those who count, measure and log.

import type { AssignedPartition, CommitOffset, OutOfRange } from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Effect, Failure } from './messages.ts';

export interface Observer {
  scored?(microBatch: MicroBatch, outcome: Outcome, waitedMs: number): void;
  /** Some results were refused. There are dead letters in their place. */
  mended?(lane: LaneAddress, outcome: Outcome): void;
  produced?(partition: TopicPartition, outcome: Outcome, producedInMs: number): void;
  committed?(offsets: readonly CommitOffset[], tookMs: number): void;
  commitFailed?(failure: Failure): void;
  logEndsUnknown?(failure: Failure): void;
  assigned?(partitions: readonly AssignedPartition[]): void;
  /** Partitions were taken away without a question. */
  lost?(partitions: readonly TopicPartition[]): void;
  outOfRange?(event: OutOfRange): void;
  effect?(effect: Effect): void;
}
