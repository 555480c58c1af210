// Which thread has which lane. A lane with a state stays where its state is. A new lane goes to the
// thread with the least work. Now and then a lane is moved, when that makes the busiest thread less
// busy.

export interface Move {
  readonly key: string;
  readonly to: number;
}

interface Placed {
  thread: number;
  /** Recent records: older ones count less and less. */
  load: number;
}

/** How much the past still counts after each look. */
const FADES = 0.5;
/**
 * The share of the busiest thread's load that a move must take away. States are heavy, and loads go
 * up and down.
 */
const GAIN = 0.2;

export class LanePlacement {
  readonly #threads: number;
  readonly #lanes = new Map<string, Placed>();

  constructor(threads: number) {
    this.#threads = threads;
  }

  /**
   * The lane's thread: the one it had, or that with the least load and, of those, the fewest lanes.
   */
  place(key: string): number {
    const placed = this.#lanes.get(key);
    if (placed !== undefined) return placed.thread;
    const loads = this.#loads();
    const thread = loads.reduce(
      (best, { load, lanes }, index) =>
        load < (loads[best]?.load ?? 0) || (load === loads[best]?.load && lanes < (loads[best]?.lanes ?? 0))
          ? index
          : best,
      0,
    );
    this.#lanes.set(key, { thread, load: 0 });
    return thread;
  }

  remove(key: string): void {
    this.#lanes.delete(key);
  }

  worked(key: string, records: number): void {
    const placed = this.#lanes.get(key);
    if (placed !== undefined) placed.load += records;
  }

  moved({ key, to }: Move): void {
    const placed = this.#lanes.get(key);
    if (placed !== undefined) placed.thread = to;
  }

  /** The move that helps the most, or null; then the past fades. Call it at even times. */
  look(): Move | null {
    const loads = this.#loads().map(({ load }) => load);
    const [most, least] = [Math.max(...loads), Math.min(...loads)];
    const to = loads.indexOf(least);
    let best: Move | null = null;
    let bestMost = most * (1 - GAIN);
    for (const [key, { thread, load }] of this.#lanes) {
      if (loads[thread] !== most || load === 0) continue;
      const after = Math.max(most - load, least + load);
      if (after > bestMost) continue;
      [best, bestMost] = [{ key, to }, after];
    }
    for (const placed of this.#lanes.values()) placed.load *= FADES;
    return best;
  }

  #loads(): { readonly load: number; readonly lanes: number }[] {
    const loads = Array.from({ length: this.#threads }, () => ({ load: 0, lanes: 0 }));
    for (const { thread, load } of this.#lanes.values()) {
      const sum = loads[thread];
      if (sum === undefined) continue;
      sum.load += load;
      sum.lanes++;
    }
    return loads;
  }
}
