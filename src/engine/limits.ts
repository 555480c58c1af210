// The limits of the engine. Some may change while it works; all others hold for as long as it does.

import type { BatchingPolicy } from './batcher.ts';

export interface FloodPolicy {
  /** More than this share of dead letters is a flood; with 1 there is never a flood. */
  readonly share: number;
  /** With fewer records than this there is never a flood. */
  readonly recordsMin: number;
}

export interface TunableLimits {
  readonly microBatch: Omit<BatchingPolicy, 'bytesMax'>;
  /** The latency that 99 of 100 records shall have. 0: no rest between fetches. */
  readonly latencyTargetMs: number;
  /** Micro-batches of one lane in flight at once. */
  readonly inFlightMax: number;
  readonly commitIntervalMs: number;
  /** The wait before a failed produce or a halted lane is tried again. It doubles each time. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** A lane with lag has stalled when it shows no sign of life for so long. */
  readonly stallAfterMs: number;
  readonly flood: FloodPolicy;
}

export interface EngineLimits extends TunableLimits {
  readonly microBatch: BatchingPolicy;
  /**
   * Tasks with the scorer at once, over all lanes: enough to keep every worker busy, and no
   * more.
   */
  readonly scoringMax: number;
  /** Bytes of all mailboxes and all micro-batches in flight. */
  readonly budgetBytes: number;
  /** The most that one fetch brings for one partition. */
  readonly fetchBytesMax: number;
  /**
   * Whether one call produces everything of a lane that is ready: for sinks where a call costs
   * much, such as a transaction.
   */
  readonly producesTogether: boolean;
}
