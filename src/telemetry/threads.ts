// What each worker thread used between its first report and its last report.

/** The report of a worker thread: its totals since it was started. */
export interface ThreadTold {
  readonly thread: number;
  readonly cpuMicros: number;
  readonly gcMs: number;
  readonly tensors: number;
}

/** What one worker thread used in the measured time, from its first report to its last. */
export interface ThreadSummary {
  readonly thread: number;
  readonly cpuSeconds: number;
  readonly gcMs: number;
  /** Tensors at the end, and the most that were seen. */
  readonly tensors: number;
  readonly tensorsMax: number;
}

export class ThreadMeter {
  readonly #first = new Map<number, ThreadTold>();
  readonly #last = new Map<number, ThreadTold>();
  readonly #tensorsMax = new Map<number, number>();

  told(usage: ThreadTold): void {
    const { thread, tensors } = usage;
    if (!this.#first.has(thread)) this.#first.set(thread, usage);
    this.#last.set(thread, usage);
    this.#tensorsMax.set(thread, Math.max(tensors, this.#tensorsMax.get(thread) ?? 0));
  }

  /** Begins again: the use so far does not count. */
  reset(): void {
    this.#first.clear();
    for (const [thread, usage] of this.#last) {
      this.#first.set(thread, usage);
      this.#tensorsMax.set(thread, usage.tensors);
    }
  }

  /** What each thread has told last. */
  get last(): Iterable<ThreadTold> {
    return this.#last.values();
  }

  /** The tensors of all threads together. */
  get tensors(): number {
    return usedByThreads([this]).tensors;
  }

  summary(): ThreadSummary[] {
    return [...this.#last].map(([thread, last]) => {
      const first = this.#first.get(thread) ?? last;
      return {
        thread,
        cpuSeconds: (last.cpuMicros - first.cpuMicros) / 1e6,
        gcMs: last.gcMs - first.gcMs,
        tensors: last.tensors,
        tensorsMax: this.#tensorsMax.get(thread) ?? last.tensors,
      };
    });
  }
}

/** What threads have used since they were started, with those that are gone. */
export interface ThreadsUsed {
  readonly cpuSeconds: number;
  readonly gcSeconds: number;
  readonly tensors: number;
}

/**
 * What the meters of several jobs know of the threads that they share. A thread tells what it uses
 * with an answer to one of them: for each thread, what was told last counts, and once.
 */
export function usedByThreads(meters: readonly Pick<ThreadMeter, 'last'>[]): ThreadsUsed {
  const latest = new Map<number, ThreadTold>();
  for (const { last } of meters)
    for (const told of last)
      if (told.cpuMicros >= (latest.get(told.thread)?.cpuMicros ?? 0)) latest.set(told.thread, told);
  const sum = (of: (told: ThreadTold) => number): number =>
    [...latest.values()].reduce((total, told) => total + of(told), 0);
  return {
    cpuSeconds: sum(({ cpuMicros }) => cpuMicros) / 1e6,
    gcSeconds: sum(({ gcMs }) => gcMs) / 1e3,
    tensors: sum(({ tensors }) => tensors),
  };
}
