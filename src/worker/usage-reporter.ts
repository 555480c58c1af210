// What a worker thread uses, told with its answers a few times a second: CPU time, garbage
// collection, memory, tensors.

import { GCProfiler, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadId } from 'node:worker_threads';
import type { ThreadUsage } from '../worker-protocol/thread-usage.ts';

/**
 * Often enough to split a run of a second between its threads; reading it takes some ten
 * microseconds.
 */
const EVERY_MS = 50;

export class UsageReporter {
  readonly #tensors: () => number;
  readonly #held: () => number;
  #gc = startProfiler();
  #gcMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** `tensors` counts those of the thread's backend, `held` the bytes that it is meant to keep. */
  constructor(tensors: () => number, held: () => number) {
    this.#tensors = tensors;
    this.#held = held;
  }

  /** Null if it is not yet time to tell again. */
  take(): ThreadUsage | null {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < EVERY_MS) return null;
    this.#toldMs = nowMs;
    // Microseconds, whatever the documentation calls them.
    for (const { cost } of this.#gc.stop()?.statistics ?? []) this.#gcMs += cost / 1000;
    this.#gc = startProfiler();
    const { user, system } = process.threadCpuUsage();
    const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
    const heldBytes = this.#held();
    return {
      thread: threadId,
      cpuMicros: user + system,
      gcMs: this.#gcMs,
      tensors: this.#tensors(),
      bytes: heap + external - heldBytes,
      heldBytes,
    };
  }

  /** What `bytes` would be if all garbage, in the heap and in buffers, were collected. */
  collectedBytes(): number {
    collectGarbage();
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    return heap + external - this.#held();
  }
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}

/** Collects all garbage of this thread, which Node gives no other way to. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
