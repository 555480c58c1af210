// The deadline of what a thread does now. Tasks come hundreds of times a second and pass their
// deadline never, so no timer is set and cancelled for each: one timer looks at the task that runs
// when it fires, and is set anew only for a look before it. It looks a few times within a deadline,
// so that it sees when the whole process stood still (a machine that is paused or moved, SIGSTOP):
// it comes late, and had no CPU meanwhile. That time is not the thread's, which may have its answer
// ready. What is shorter than the time between two looks may be missed.

import { after, type Cancel } from '../time/timer.ts';

/** Other timers only in tests. */
const TIMERS = {
  after,
  nowMs: () => performance.now(),
  /** CPU of this thread. */
  cpuMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

export interface DeadlineParts {
  /** The sum of what does not count, so far; it may wrap around as an int32. */
  readonly waitedMs: () => number;
  readonly onPassed: (deadlineMs: number) => void;
}

/** It looks so often within the deadline of a task. */
const LOOKS = 8;

interface Running {
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** The sums at the last look. */
  waitedMs: number;
  cpuMs: number;
  /** What does not count, so far. */
  excusedMs: number;
  /** Whether it came late to the end of the deadline, and looks once more. */
  looksAgain: boolean;
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
    this.#running = {
      startedMs,
      deadlineMs,
      waitedMs: this.#parts.waitedMs(),
      cpuMs: this.#timers.cpuMs(),
      excusedMs: 0,
      looksAgain: false,
    };
    this.#lookAfter(Math.ceil(deadlineMs / LOOKS), startedMs);
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
    const dueMs = this.#timerAtMs;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const running = this.#running;
    if (running === null) return;
    const { startedMs, deadlineMs } = running;
    const nowMs = this.#timers.nowMs();
    const stoodMs = this.#excuse(running, nowMs - Math.max(dueMs, startedMs));
    const leftMs = startedMs + deadlineMs + running.excusedMs - nowMs;
    const restMs = Math.ceil(deadlineMs / LOOKS);
    if (leftMs > 0) this.#lookAfter(Math.min(leftMs, restMs), nowMs);
    else if (stoodMs > restMs && !running.looksAgain) {
      // The answer may have come meanwhile, and is read before the next look.
      running.looksAgain = true;
      this.#lookAfter(restMs, nowMs);
    } else this.#parts.onPassed(deadlineMs);
  }

  /** Returns how long the process stood still since the last look. */
  #excuse(running: Running, lateMs: number): number {
    const waitedMs = this.#parts.waitedMs();
    const cpuMs = this.#timers.cpuMs();
    // A thread that came late because it was busy has not stood still.
    const stoodMs = Math.max(0, lateMs - (cpuMs - running.cpuMs));
    running.excusedMs += Math.max(stoodMs, (waitedMs - running.waitedMs) | 0);
    running.waitedMs = waitedMs;
    running.cpuMs = cpuMs;
    return stoodMs;
  }
}
