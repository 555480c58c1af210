// All that the engine remembers, and the limits it works within.

import type { BatchingPolicy } from './batcher.ts';
import type { FloodPolicy } from './flood.ts';
import type { Lane } from './lane.ts';

export interface EngineLimits {
  readonly microBatch: BatchingPolicy;
  /** Micro-batches of one lane in flight at once. */
  readonly inFlightMax: number;
  /**
   * Micro-batches being scored at once, over all lanes: enough to keep every worker busy, and no
   * more.
   */
  readonly scoringMax: number;
  /** Bytes of all mailboxes and all micro-batches in flight. */
  readonly budgetBytes: number;
  /** The most that one fetch brings for one partition. */
  readonly fetchBytesMax: number;
  readonly commitIntervalMs: number;
  /** Wait before a failed produce or a halted lane is tried again; doubled each time. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** A lane with lag that shows no sign of life for so long has stalled. */
  readonly stallAfterMs: number;
  readonly flood: FloodPolicy;
  /**
   * Whether all that is ready of a lane is produced by one call: where a call costs much, as a
   * transaction does.
   */
  readonly producesTogether: boolean;
}

export interface EngineState {
  readonly limits: EngineLimits;
  /** Lanes have a state with the scorer, which must be there before they score. */
  readonly keepsState: boolean;
  readonly lanes: Map<string, Lane>;
  nextEpoch: number;
  nextId: number;
  /**
   * Micro-batches with the scorer now, those of lanes that are gone included: their threads are
   * still busy.
   */
  scoring: number;
  /** Lanes in the order in which they get the next free place, so that none starves. */
  turn: number;
  commitInFlight: boolean;
  lastCommitAtMs: number;
  /** Set after a failed commit, so that one in a hurry does not spin. */
  commitNotBeforeMs: number;
  /** When the log was last asked where it ends. */
  endsAskedAtMs: number;
  /** When `step` was last called. */
  lastStepAtMs: number;
  /**
   * Lanes that have stalled: how many times in a row, without having advanced beyond that offset.
   */
  readonly stalls: Map<string, { readonly offset: number; readonly times: number }>;
  /** Set while the source waits for lanes to settle. */
  settling: { readonly deadlineMs: number } | undefined;
  /** From `revoking` to `assigned`: lanes open nothing new, whatever they waited for before. */
  rebalancing: boolean;
  /** Set once the engine was told to stop. */
  stopping: { readonly deadlineMs: number; done: boolean } | undefined;
}

export function newEngine(limits: EngineLimits, keepsState = false): EngineState {
  return {
    limits,
    keepsState,
    lanes: new Map(),
    nextEpoch: 1,
    nextId: 1,
    scoring: 0,
    turn: 0,
    commitInFlight: false,
    lastCommitAtMs: 0,
    commitNotBeforeMs: 0,
    endsAskedAtMs: 0,
    lastStepAtMs: 0,
    stalls: new Map(),
    settling: undefined,
    rebalancing: false,
    stopping: undefined,
  };
}
