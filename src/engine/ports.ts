// What the engine needs besides a log: something that scores, and time.

import type { MicroBatch, ResultBatch, ScoredMicroBatch } from '../log/ports.ts';

/** Scores micro-batches, several at once, finishing in any order. */
export interface Scorer {
  /**
   * Every record from `first` up to `next` becomes exactly one result or one dead letter. Rejects only when the
   * record batches cannot be opened (damaged, too large): never because of one record, never because a thread died.
   */
  score(microBatch: MicroBatch): Promise<ScoredMicroBatch>;
  /** Nobody reads the bytes of these outputs any more. */
  release(outputs: readonly ResultBatch[]): void;
}

export interface Clock {
  /** Milliseconds, never going backwards. */
  nowMs(): number;
  /** Calls back once, at `atMs` or later. Returns what cancels it. */
  setTimer(atMs: number, callback: () => void): () => void;
}
