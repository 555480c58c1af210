// Virtual time: events in the order of their times, and of their making where those are equal.
// Between two events every promise that can go on does, so that one seed always gives one history.

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
  cancelled: boolean;
}

const before = (left: Event, right: Event): boolean =>
  left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);

/** Lets every promise go on that can: what setImmediate calls comes after all microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  nowMs = 0;
  #order = 0;
  /** A binary heap, the next event first. */
  readonly #heap: Event[] = [];

  /** Calls `act` after so many milliseconds of virtual time. Returns what cancels it. */
  after(delayMs: number, act: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, act, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /**
   * Plays events until there are none, `done` says so, or the time is up. `observe` is called after
   * each.
   */
  async run(untilMs: number, done: () => boolean, observe: () => void): Promise<void> {
    await settled();
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      next.act();
      await settled();
      observe();
      if (done()) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}
