// What the engine needs besides a log and a scorer: time, and what it costs.

export interface Clock {
  /** Milliseconds, never going backwards. */
  nowMs(): number;
  /** CPU time of the whole process, in milliseconds. */
  cpuMs(): number;
  /** Calls back once, at `atMs` or later. Returns what cancels it. */
  setTimer(atMs: number, callback: () => void): () => void;
}
