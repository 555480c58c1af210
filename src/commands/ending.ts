// How a run ends: by signal, by time, or by a fatal error. It listens from the beginning, so that a
// start can be ended too.

import { EXIT } from '../base/errors.ts';
import { answerSignals } from '../signals.ts';
import { after, type Cancel } from '../time/timer.ts';

const SAME_SIGNAL_MS = 1_000;

export class Ending {
  /** Resolves to what was fatal. */
  readonly reached: Promise<Error | undefined>;
  /** Aborted when the end is reached. */
  readonly signal: AbortSignal;
  #end: (error?: Error) => void = () => {};
  #timer: Cancel | undefined;

  constructor() {
    const aborter = new AbortController();
    this.signal = aborter.signal;
    this.reached = new Promise((resolve) => {
      this.#end = (error) => {
        resolve(error);
        aborter.abort();
      };
    });
    let firstMs = Number.POSITIVE_INFINITY;
    const signalled = (): void => {
      const nowMs = performance.now();
      // Whoever asks again does not want to wait. Below that a terminal and npm have both passed on
      // the same Ctrl-C.
      if (nowMs - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.unfinished);
      firstMs = Math.min(firstMs, nowMs);
      this.#end();
    };
    answerSignals(signalled);
  }

  /** Unless a time runs already. */
  waitAtMost(ms: number): void {
    if (this.#timer === undefined) this.after(ms);
  }

  /** In place of a time that runs. */
  after(ms: number): void {
    this.#timer?.();
    this.#timer = after(ms, () => this.#end());
  }

  fail(error: Error): void {
    this.#end(error);
  }
}
