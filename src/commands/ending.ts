// How a run ends: by a signal, by time, or by a fatal error. It listens from the beginning, so that
// a run can be ended while it starts.

import { EXIT } from '../base/errors.ts';
import { answerSignals } from '../signals.ts';
import { after, type Cancel } from '../time/timer.ts';

const SAME_SIGNAL_MS = 1_000;

export class Ending {
  /** Resolves when the end is reached, to the error if it was fatal. */
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
      // A second signal means: do not wait. A signal that follows at once is the same Ctrl-C: the
      // terminal and npm both pass it on.
      if (nowMs - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.unfinished);
      firstMs = Math.min(firstMs, nowMs);
      this.#end();
    };
    answerSignals(signalled);
  }

  /** Sets a time limit, unless one is set already. */
  waitAtMost(ms: number): void {
    if (this.#timer === undefined) this.after(ms);
  }

  /** Sets a time limit, in place of another. */
  after(ms: number): void {
    this.#timer?.();
    this.#timer = after(ms, () => this.#end());
  }

  /** The end in order, as by a signal. */
  reach(): void {
    this.#end();
  }

  fail(error: Error): void {
    this.#end(error);
  }
}
