// Asks now and then what CPU time the process has used: the pace follows from it.

import type { Clock } from './ports.ts';

const EVERY_MS = 1_000;

export class CpuTime {
  readonly #clock: Clock;
  #askedAtMs: number;
  #usedMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#askedAtMs = clock.nowMs();
    this.#usedMs = clock.cpuMs();
  }

  /** The CPU time since it was last told; undefined where that was a moment ago. */
  told(): number | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#askedAtMs + EVERY_MS) return undefined;
    const before = this.#usedMs;
    this.#askedAtMs = nowMs;
    this.#usedMs = this.#clock.cpuMs();
    return this.#usedMs - before;
  }
}
