// A timer for a time that nearly every message moves on: it is set anew only for an earlier one. If
// it fires too early, it is set again.

import type { Clock } from './ports.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class WakeTimer {
  readonly #clock: Clock;
  readonly #wakeAtMs: () => number;
  readonly #wake: () => void;
  /** When it fires. */
  #setMs = NEVER;
  #cancel = (): void => {};

  /** `wakeAtMs` says when to wake; infinite for never. */
  constructor(clock: Clock, wakeAtMs: () => number, wake: () => void) {
    this.#clock = clock;
    this.#wakeAtMs = wakeAtMs;
    this.#wake = wake;
  }

  /** The time to wake may be another now. */
  look(): void {
    const wakeMs = this.#wakeAtMs();
    if (wakeMs >= this.#setMs) return;
    this.end();
    this.#setMs = wakeMs;
    this.#cancel = this.#clock.setTimer(wakeMs, () => this.#fire());
  }

  end(): void {
    this.#cancel();
    this.#setMs = NEVER;
  }

  #fire(): void {
    this.#setMs = NEVER;
    if (this.#clock.nowMs() >= this.#wakeAtMs()) this.#wake();
    else this.look();
  }
}
