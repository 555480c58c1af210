// What a worker thread uses, told with its answers a few times a second: CPU time, garbage collection, memory, tensors.

import { GCProfiler, getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';

export interface ThreadUsage {
  readonly thread: number;
  /** Since the thread was started. Work that V8 does for it on threads of its own is not in it. */
  readonly cpuMicros: number;
  /** Time that collections stopped the thread, since its model was loaded. */
  readonly gcMs: number;
  /** Tensors alive between two tasks. One that grows is a leak. */
  readonly tensors: number;
  /** Memory of the thread's own heap and buffers. What it holds for lanes, the runtime's and other threads' is not in it. */
  readonly bytes: number;
}

/** How much a thread may grow after its model was loaded, before another takes its place. */
export interface GrowthLimits {
  readonly bytesMax: number;
  readonly tensorsMax: number;
}

/** Why a thread that used `first` once and uses `now` should be replaced; null when it need not be. */
export function outgrown(first: ThreadUsage, now: ThreadUsage, limits: GrowthLimits): string | null {
  const { bytesMax, tensorsMax } = limits;
  const [bytes, tensors] = [now.bytes - first.bytes, now.tensors - first.tensors];
  if (bytes > bytesMax) return `grew by ${bytes} bytes, scoring.growthBytes allows ${bytesMax}`;
  if (tensors > tensorsMax) return `grew by ${tensors} tensors, scoring.growthTensors allows ${tensorsMax}`;
  return null;
}

/** Often enough to split a run of a second between its threads; reading it takes some ten microseconds. */
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

  /** Null until it is time to tell again. */
  take(): ThreadUsage | null {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < EVERY_MS) return null;
    this.#toldMs = nowMs;
    // Microseconds, whatever the documentation calls them.
    for (const { cost } of this.#gc.stop()?.statistics ?? []) this.#gcMs += cost / 1000;
    this.#gc = startProfiler();
    const { user, system } = process.threadCpuUsage();
    const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
    return {
      thread: threadId,
      cpuMicros: user + system,
      gcMs: this.#gcMs,
      tensors: this.#tensors(),
      bytes: heap + external - this.#held(),
    };
  }
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
