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

  /** The tensors of all threads together. */
  get tensors(): number {
    let sum = 0;
    for (const { tensors } of this.#last.values()) sum += tensors;
    return sum;
  }

  /** What the threads have used since they were started, with those that are gone. */
  get used(): { readonly cpuSeconds: number; readonly gcSeconds: number } {
    let [cpuSeconds, gcSeconds] = [0, 0];
    for (const { cpuMicros, gcMs } of this.#last.values()) {
      cpuSeconds += cpuMicros / 1e6;
      gcSeconds += gcMs / 1e3;
    }
    return { cpuSeconds, gcSeconds };
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
