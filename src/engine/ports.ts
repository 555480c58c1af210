// What the engine needs besides a log and a scorer: time.

export interface Clock {
  /** Milliseconds, never going backwards. */
  nowMs(): number;
  /** Calls back once, at `atMs` or later. Returns what cancels it. */
  setTimer(atMs: number, callback: () => void): () => void;
}
