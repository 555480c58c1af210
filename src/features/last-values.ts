// The last values of each key of one group, for the window function `last`: a ring for each slot,
// in flat arrays. The values go in when the watermark has passed their record, in the order of
// time, as into the panes.

import type { Archive } from './archive.ts';
import { grown } from './key-table.ts';
import type { Window } from './window-spec.ts';

/** A window of the function `last`. */
interface Last {
  /** Index of its field among the values of a record. */
  readonly value: number;
  readonly count: number;
  readonly sizeMs: number;
  readonly empty: number;
  /** Its first column. */
  readonly column: number;
}

/** Columns of a window. */
export const columnsIn = ({ count = 1 }: Window): number => count;

/** The records that wait. */
interface Waiting {
  timeOf(entry: number): number;
  valueOf(entry: number, value: number): number;
}

/** Those of each key, in the order of time. */
interface WaitingList {
  lastUpTo(slot: number, timeMs: number): number;
  beforeOf(entry: number): number;
}

/** A record that is being read, and where its key stands. */
interface LastRead {
  readonly timeMs: number;
  readonly isLate: boolean;
  readonly watermarkMs: number;
  readonly slot: number;
  /** The latest time of the key in its ring; -Infinity if there is none. */
  readonly lastMs: number;
  readonly pending: Waiting;
  readonly list: WaitingList;
  readonly values: Float64Array;
  readonly out: Float64Array;
}

const NONE = -1;

export class LastValues {
  /** Records that a ring holds. */
  readonly #length: number;
  /** The fields whose values are kept, as indexes among the values of a record. */
  readonly #fields: readonly number[];
  readonly #windows: readonly Last[];
  #times = new Float64Array(0);
  /** Those of one record side by side. */
  #values = new Float64Array(0);
  /** By slot: how many records its ring holds, and where the next one goes. */
  #counts = new Uint32Array(0);
  #nexts = new Uint32Array(0);

  private constructor(windows: readonly Last[]) {
    this.#windows = windows;
    this.#length = Math.max(...windows.map(({ count }) => count));
    this.#fields = [...new Set(windows.map(({ value }) => value))];
  }

  /** Those of a group; null if none of its windows has the function `last`. */
  static of(
    windows: readonly { readonly window: Window; readonly column: number }[],
    fields: readonly string[],
  ): LastValues | null {
    const own = windows.flatMap(({ window, column }): Last[] => {
      const { count, of = '', sizeMs, empty } = window;
      return count === undefined ? [] : [{ value: fields.indexOf(of), count, sizeMs, empty, column }];
    });
    return own.length === 0 ? null : new LastValues(own);
  }

  get bytes(): number {
    return [this.#times, this.#values, this.#counts, this.#nexts].reduce(
      (sum, array) => sum + array.byteLength,
      0,
    );
  }

  /** Writes or reads the rings of the first `slots` slots. */
  saveOrRestore(archive: Archive, slots: number): void {
    this.#times = archive.array(this.#times, slots * this.#length);
    this.#values = archive.array(this.#values, slots * this.#length * this.#fields.length);
    this.#counts = archive.array(this.#counts, slots);
    this.#nexts = archive.array(this.#nexts, slots);
  }

  /** Makes room for `slots` slots, which are more than now. */
  reserve(slots: number): void {
    this.#times = grown(this.#times, slots * this.#length);
    this.#values = grown(this.#values, slots * this.#length * this.#fields.length);
    this.#counts = grown(this.#counts, slots);
    this.#nexts = grown(this.#nexts, slots);
  }

  /** Takes over the ring of a slot of others, which are of the same shape. */
  copySlot(slot: number, from: LastValues, fromSlot: number): void {
    const width = this.#length * this.#fields.length;
    this.#times.set(
      from.#times.subarray(fromSlot * this.#length, (fromSlot + 1) * this.#length),
      slot * this.#length,
    );
    this.#values.set(from.#values.subarray(fromSlot * width, (fromSlot + 1) * width), slot * width);
    this.#counts[slot] = from.#counts[fromSlot] as number;
    this.#nexts[slot] = from.#nexts[fromSlot] as number;
  }

  /** Takes what the watermark has passed. `lastMs` is the time of the key's record before it. */
  add(slot: number, timeMs: number, lastMs: number, pending: Waiting, entry: number): void {
    // A slot that was another key's.
    if (lastMs === Number.NEGATIVE_INFINITY) {
      this.#counts[slot] = 0;
      this.#nexts[slot] = 0;
    }
    const next = this.#nexts[slot] as number;
    const place = slot * this.#length + next;
    this.#times[place] = timeMs;
    for (let field = 0; field < this.#fields.length; field++)
      this.#values[place * this.#fields.length + field] = pending.valueOf(
        entry,
        this.#fields[field] as number,
      );
    this.#nexts[slot] = (next + 1) % this.#length;
    if ((this.#counts[slot] as number) < this.#length)
      this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  /**
   * Writes the values of each window, the oldest first. The record's own is the last. A late record
   * has before it what surely came before: what the watermark has passed, up to its time.
   */
  read(read: LastRead): void {
    for (const window of this.#windows) {
      const { column, count, empty } = window;
      read.out[column + count - 1] = read.values[window.value] as number;
      const left = this.#readRing(window, read, this.#readWaiting(window, read, count - 1));
      read.out.fill(empty, column, column + left);
    }
  }

  /** Goes back over the records that wait. Returns how many values are still wanted. */
  #readWaiting({ value, column, sizeMs }: Last, read: LastRead, wanted: number): number {
    const { slot, isLate, pending, list, timeMs, out } = read;
    if (slot === NONE || isLate) return wanted;
    let left = wanted;
    for (
      let entry = list.lastUpTo(slot, timeMs);
      left > 0 && entry !== NONE && pending.timeOf(entry) > timeMs - sizeMs;
      entry = list.beforeOf(entry)
    )
      out[column + --left] = pending.valueOf(entry, value);
    return left;
  }

  #readRing({ value, column, sizeMs }: Last, read: LastRead, wanted: number): number {
    const { slot, lastMs, timeMs, watermarkMs, out } = read;
    if (slot === NONE || lastMs === Number.NEGATIVE_INFINITY) return wanted;
    // The same whatever the state has read before its beginning.
    const afterMs = Math.max(timeMs, watermarkMs) - sizeMs;
    const field = this.#fields.indexOf(value);
    const base = slot * this.#length;
    let left = wanted;
    let next = this.#nexts[slot] as number;
    for (let held = this.#counts[slot] as number; left > 0 && held > 0; held--) {
      next = next === 0 ? this.#length - 1 : next - 1;
      const pastMs = this.#times[base + next] as number;
      if (!(pastMs > afterMs)) break;
      if (pastMs <= timeMs)
        out[column + --left] = this.#values[(base + next) * this.#fields.length + field] as number;
    }
    return left;
  }
}
