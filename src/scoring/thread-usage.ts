// What a worker thread uses, told with its answers a few times a second: CPU time, garbage collection, tensors.

import { GCProfiler } from 'node:v8';
import { threadId } from 'node:worker_threads';

export interface ThreadUsage {
  readonly thread: number;
  /** Since the thread was started. Work that V8 does for it on threads of its own is not in it. */
  readonly cpuMicros: number;
  /** Time that collections stopped the thread, since its model was loaded. */
  readonly gcMs: number;
  /** Tensors alive between two tasks. One that grows is a leak. */
  readonly tensors: number;
}

/** Often enough to split a run of a second between its threads; reading it takes some ten microseconds. */
const EVERY_MS = 50;

export class UsageReporter {
  readonly #tensors: () => number;
  #gc = startProfiler();
  #gcMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** `tensors` counts those of the thread's backend. */
  constructor(tensors: () => number) {
    this.#tensors = tensors;
  }

  /** Null until it is time to tell again. */
  take(): ThreadUsage | null {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < EVERY_MS) return null;
    this.#toldMs = nowMs;
    // Microseconds, whatever the documentation calls them.
    for (const { cost } of this.#gc.stop()?.statistics ?? []) this.#gcMs += cost / 1000;
    this.#gc = startProfiler();
    const { user, system } = process.threadCpuUsage();
    return { thread: threadId, cpuMicros: user + system, gcMs: this.#gcMs, tensors: this.#tensors() };
  }
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
