// Everything that the engine remembers.

import { NO_TRIALS, type Trial } from '../scoring/trial.ts';
import type { Lane } from './lane.ts';
import type { EngineLimits } from './limits.ts';
import { newPace, type Pace } from './pace.ts';

export interface EngineState {
  /** Replaced as a whole when some of them change: a saved state keeps those of its time. */
  limits: EngineLimits;
  /**
   * Whether each lane has a state with the scorer. The state must be there before the lane scores.
   */
  readonly keepsState: boolean;
  /** By which micro-batches are scored that are opened from now on, once it was told. */
  deployment: string | undefined;
  /** Versions that are tried on their rows. */
  trials: readonly Trial[];
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
    deployment: undefined,
    trials: NO_TRIALS,
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
