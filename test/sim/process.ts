// One process of the simulated world: what is asked of the outside comes back to it only while it
// lives, and not before it runs again when it was stopped for a while. Its clock may jump ahead.

import type { Clock } from '../../src/engine/ports.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Epochs are counted by each process for itself; in a history they must differ between processes
 * too.
 */
const EPOCHS = 100_000;

/** The number of the process that had that ownership. */
export const processOf = (uniqueEpoch: number): number => Math.floor(uniqueEpoch / EPOCHS);

/** More than a thread hangs until its deadline, and the replacement takes. */
const JUMPS_APART_MS = 500;

/** A process is at work for so much of the time. */
const CPU_SHARE = 0.3;

/** A timer never comes too early, whatever is lost in a sum of floats. */
const ROUNDING_MS = 1e-6;

export class SimProcess {
  readonly number: number;
  readonly name: string;
  alive = true;
  #frozen = false;
  #aheadMs = 0;
  #jumpedAtMs = Number.NEGATIVE_INFINITY;
  #held: (() => void)[] = [];
  readonly #scheduler: Scheduler;

  constructor(number: number, scheduler: Scheduler) {
    this.number = number;
    this.name = `p${number}`;
    this.#scheduler = scheduler;
  }

  get clock(): Clock {
    return {
      nowMs: () => this.#scheduler.nowMs + this.#aheadMs,
      cpuMs: () => this.#scheduler.nowMs * CPU_SHARE,
      setTimer: (atMs, callback) =>
        this.after(atMs - this.#scheduler.nowMs - this.#aheadMs + ROUNDING_MS, callback),
    };
  }

  uniqueEpoch(epoch: number): number {
    return this.number * EPOCHS + epoch;
  }

  /** Calls back inside of the process. */
  after(delayMs: number, act: () => void): () => void {
    let cancelled = false;
    const inside = (): void => {
      if (cancelled || !this.alive) return;
      if (this.#frozen) this.#held.push(inside);
      else act();
    };
    const cancel = this.#scheduler.after(delayMs, inside);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** As after `kill -9`: nothing of it ever runs again. What it sent is under way. */
  kill(): void {
    this.alive = false;
    this.#held = [];
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    for (const act of this.#held.splice(0)) this.#scheduler.after(0, act);
  }

  /** Not twice while one thread hangs: the watchdog would be right to take the sum for a stall. */
  jump(aheadMs: number): void {
    if (this.#scheduler.nowMs - this.#jumpedAtMs < JUMPS_APART_MS) return;
    this.#jumpedAtMs = this.#scheduler.nowMs;
    this.#aheadMs += aheadMs;
  }
}
