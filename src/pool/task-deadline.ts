// The deadline of what a thread does now. Tasks come hundreds of times a second and pass their
// deadline never, so no timer is set and cancelled for each: one timer looks at the task that runs
// when it fires, and is set anew only for a deadline before it.

import { after, type Cancel } from '../time/timer.ts';

/** Other timers only in tests. */
const TIMERS = { after, nowMs: () => performance.now() };

export interface DeadlineParts {
  /** The sum of what does not count, so far; it may wrap around as an int32. */
  readonly waitedMs: () => number;
  readonly onPassed: (deadlineMs: number) => void;
}

interface Running {
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly waitedMs: number;
}

export class TaskDeadline {
  readonly #parts: DeadlineParts;
  readonly #timers: typeof TIMERS;
  #running: Running | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(parts: DeadlineParts, timers = TIMERS) {
    this.#parts = parts;
    this.#timers = timers;
  }

  begin(deadlineMs: number): void {
    const startedMs = this.#timers.nowMs();
    this.#running = { startedMs, deadlineMs, waitedMs: this.#parts.waitedMs() };
    this.#lookAfter(deadlineMs, startedMs);
  }

  end(): void {
    this.#running = null;
  }

  stop(): void {
    this.end();
    this.#cancel();
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #lookAfter(ms: number, nowMs: number): void {
    if (nowMs + ms >= this.#timerAtMs) return;
    this.#cancel();
    this.#timerAtMs = nowMs + ms;
    this.#cancel = this.#timers.after(ms, () => this.#look());
  }

  #look(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    if (this.#running === null) return;
    const { startedMs, deadlineMs, waitedMs } = this.#running;
    const nowMs = this.#timers.nowMs();
    const leftMs = startedMs + deadlineMs + ((this.#parts.waitedMs() - waitedMs) | 0) - nowMs;
    if (leftMs > 0) this.#lookAfter(Math.min(leftMs, deadlineMs), nowMs);
    else this.#parts.onPassed(deadlineMs);
  }
}
