// Everything that the engine remembers, and its limits.

import type { BatchingPolicy } from './batcher.ts';
import type { FloodPolicy } from './flood.ts';
import type { Lane } from './lane.ts';
import { newPace, type Pace } from './pace.ts';

export interface EngineLimits {
  readonly microBatch: BatchingPolicy;
  /** The latency that 99 of 100 records shall have. 0: no rest between fetches. */
  readonly latencyTargetMs: number;
  /** Micro-batches of one lane in flight at once. */
  readonly inFlightMax: number;
  /**
   * Tasks with the scorer at once, over all lanes: enough to keep every worker busy, and no
   * more.
   */
  readonly scoringMax: number;
  /** Bytes of all mailboxes and all micro-batches in flight. */
  readonly budgetBytes: number;
  /** The most that one fetch brings for one partition. */
  readonly fetchBytesMax: number;
  readonly commitIntervalMs: number;
  /** The wait before a failed produce or a halted lane is tried again. It doubles each time. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** A lane with lag has stalled when it shows no sign of life for so long. */
  readonly stallAfterMs: number;
  readonly flood: FloodPolicy;
  /**
   * Whether one call produces everything of a lane that is ready: for sinks where a call costs
   * much, such as a transaction.
   */
  readonly producesTogether: boolean;
}

export interface EngineState {
  readonly limits: EngineLimits;
  /**
   * Whether each lane has a state with the scorer. The state must be there before the lane scores.
   */
  readonly keepsState: boolean;
  readonly lanes: Map<string, Lane>;
  nextEpoch: number;
  nextId: number;
  /**
   * The micro-batches that are with the scorer now, each with the number of its task. Those of
   * lanes that are gone count too: their threads are still busy.
   */
  readonly scoring: Map<number, number>;
  readonly pace: Pace;
  /** Which lane gets the next free place, so that no lane starves. */
  turn: number;
  commitInFlight: boolean;
  lastCommitAtMs: number;
  /** Set after a failed commit, so that an urgent commit is not repeated without a pause. */
  commitNotBeforeMs: number;
  /** When the log was last asked where it ends. */
  endsAskedAtMs: number;
  /** When `step` was last called. */
  lastStepAtMs: number;
  /**
   * The lanes that have stalled: how many times in a row, without having advanced beyond `offset`.
   */
  readonly stalls: Map<string, { readonly offset: number; readonly times: number }>;
  /** Set while the source waits for lanes to settle. */
  settling: { readonly deadlineMs: number } | undefined;
  /**
   * True from `revoking` to `assigned`: lanes open nothing new, whatever they waited for before.
   */
  rebalancing: boolean;
  /** Somebody has paused the job: lanes fetch and open nothing, and that is no stall. */
  isHeld: boolean;
  /** Set when the engine was told to stop. */
  stopping: { readonly deadlineMs: number; done: boolean } | undefined;
}

export function newEngine(limits: EngineLimits, keepsState = false): EngineState {
  return {
    limits,
    keepsState,
    lanes: new Map(),
    nextEpoch: 1,
    nextId: 1,
    scoring: new Map(),
    pace: newPace(),
    turn: 0,
    commitInFlight: false,
    lastCommitAtMs: 0,
    commitNotBeforeMs: 0,
    endsAskedAtMs: 0,
    lastStepAtMs: 0,
    stalls: new Map(),
    settling: undefined,
    rebalancing: false,
    isHeld: false,
    stopping: undefined,
  };
}
