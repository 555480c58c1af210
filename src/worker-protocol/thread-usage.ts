// What a worker thread tells a few times a second: what it uses, and what it has seen.

import type { TrialTold } from '../scoring/trial.ts';
import type { SavedSketch } from '../statistics/sketch.ts';
import type { DriftTold } from './drift-told.ts';

/** Of versions that are tried, since this was last told. */
export type TrialsTold = readonly TrialTold<SavedSketch>[];

/** What a thread is asked to tell of distributions. */
export interface DriftSetup {
  /** The share of records that are counted; none if not given. */
  readonly driftSampling?: number;
}

/** What a worker thread uses, told with its answers a few times a second. */
export interface ThreadUsage {
  readonly thread: number;
  /** Since the thread was started. Work that V8 does for it on threads of its own is not in it. */
  readonly cpuMicros: number;
  /** Time that collections stopped the thread, since its first model was loaded. */
  readonly gcMs: number;
  /** Tensors alive between two tasks. One that grows is a leak. */
  readonly tensors: number;
  /**
   * Memory of the thread's own heap and buffers. Not in it: what it holds for lanes, and the memory
   * of the runtime and of other threads.
   */
  readonly bytes: number;
  /** What it holds for lanes. */
  readonly heldBytes: number;
  /** Of the model that has answered. */
  readonly drift?: DriftTold | null;
}
