// The panes of all keys, for one field and one length of pane. Each slot has a ring, in flat
// arrays. The number of a pane is the time divided by the length. A place in the ring that holds
// another number is an empty pane.

import type { Archive } from './archive.ts';
import { grown } from './key-table.ts';
import type { WindowFunction } from './window-spec.ts';

/**
 * What is gathered besides counts, sums and extremes, which are always gathered because they cost
 * nothing.
 */
export interface Respects {
  readonly moments: boolean;
  readonly distinct: boolean;
}

/**
 * Gathers panes and single values. The variance is computed as in Chan, Golub and LeVeque 1979: no
 * digits are lost by cancellation.
 */
export class Gathered {
  count = 0;
  sum = 0;
  mean = 0;
  /** Sum of squared distances from the mean. */
  squares = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly distinct = new Set<number>();

  clear(): void {
    this.count = 0;
    this.sum = 0;
    this.mean = 0;
    this.squares = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    if (this.distinct.size > 0) this.distinct.clear();
  }

  /** Adds one value, in all respects that are needed. */
  addOne(value: number, hash: number, { moments, distinct }: Respects): void {
    if (moments) this.addMoments(1, value, 0);
    this.count++;
    this.sum += value;
    this.addExtremes(value, value);
    if (distinct) this.distinct.add(hash);
  }

  /** Adds what another object has gathered. */
  merge(others: Gathered, { moments }: Respects): void {
    if (moments) this.addMoments(others.count, others.mean, others.squares);
    this.count += others.count;
    this.sum += others.sum;
    this.addExtremes(others.min, others.max);
    for (const hash of others.distinct) this.distinct.add(hash);
  }

  /** To be called before `count` grows. */
  addMoments(count: number, mean: number, squares: number): void {
    const all = this.count + count;
    const distance = mean - this.mean;
    this.mean += (distance * count) / all;
    this.squares += squares + (distance * distance * this.count * count) / all;
  }

  addExtremes(min: number, max: number): void {
    if (min < this.min) this.min = min;
    if (max > this.max) this.max = max;
  }
}

/** By number that a pane may keep: the window functions that need it. */
const NEEDS: Readonly<Record<'sum' | 'moments' | 'extremes' | 'distinct', ReadonlySet<WindowFunction>>> = {
  sum: new Set(['sum', 'mean']),
  moments: new Set(['variance']),
  extremes: new Set(['min', 'max']),
  distinct: new Set(['distinct']),
};

export class Panes {
  readonly hopMs: number;
  /** Panes in each ring. */
  readonly length: number;
  readonly #bound: number;
  /** Which numbers of a pane are kept. */
  readonly has: Readonly<Record<keyof typeof NEEDS, boolean>>;
  #numbers = new Uint32Array(0);
  #counts = new Uint32Array(0);
  #sums = new Float64Array(0);
  #means = new Float64Array(0);
  #squares = new Float64Array(0);
  #mins = new Float64Array(0);
  #maxs = new Float64Array(0);
  /** `bound` hashes for each pane, of which the first `#setSizes` count. */
  #sets = new Uint32Array(0);
  #setSizes = new Uint32Array(0);

  /** A pane counts at most `bound` distinct values. */
  constructor(hopMs: number, length: number, functions: readonly WindowFunction[], bound: number) {
    this.hopMs = hopMs;
    this.length = length;
    this.#bound = bound;
    const needs = (what: keyof typeof NEEDS): boolean => functions.some((each) => NEEDS[what].has(each));
    this.has = {
      sum: needs('sum'),
      moments: needs('moments'),
      extremes: needs('extremes'),
      distinct: needs('distinct'),
    };
  }

  get bytes(): number {
    return [
      this.#numbers,
      this.#counts,
      this.#sums,
      this.#means,
      this.#squares,
      this.#mins,
      this.#maxs,
      this.#sets,
      this.#setSizes,
    ].reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Writes or reads the rings of the first `slots` slots. */
  saveOrRestore(archive: Archive, slots: number): void {
    const used = slots * this.length;
    this.#numbers = archive.array(this.#numbers, used);
    this.#counts = archive.array(this.#counts, used);
    if (this.has.sum) this.#sums = archive.array(this.#sums, used);
    if (this.has.moments) {
      this.#means = archive.array(this.#means, used);
      this.#squares = archive.array(this.#squares, used);
    }
    if (this.has.extremes) {
      this.#mins = archive.array(this.#mins, used);
      this.#maxs = archive.array(this.#maxs, used);
    }
    if (this.has.distinct) {
      this.#sets = archive.array(this.#sets, used * this.#bound);
      this.#setSizes = archive.array(this.#setSizes, used);
    }
  }

  paneOf(timeMs: number): number {
    return Math.floor(timeMs / this.hopMs);
  }

  /** Makes room for `slots` slots, which are more than now. */
  reserve(slots: number): void {
    const places = slots * this.length;
    this.#numbers = grown(this.#numbers, places);
    this.#counts = grown(this.#counts, places);
    if (this.has.sum) this.#sums = grown(this.#sums, places);
    if (this.has.moments) {
      this.#means = grown(this.#means, places);
      this.#squares = grown(this.#squares, places);
    }
    if (this.has.extremes) {
      this.#mins = grown(this.#mins, places);
      this.#maxs = grown(this.#maxs, places);
    }
    if (this.has.distinct) {
      this.#sets = grown(this.#sets, places * this.#bound);
      this.#setSizes = grown(this.#setSizes, places);
    }
  }

  /** Takes over the ring of a slot of others, which are of the same shape. */
  copySlot(slot: number, from: Panes, fromSlot: number): void {
    const copy = <T extends Uint32Array | Float64Array>(to: T, of: T, width = this.length): void =>
      to.set(of.subarray(fromSlot * width, (fromSlot + 1) * width), slot * width);
    copy(this.#numbers, from.#numbers);
    copy(this.#counts, from.#counts);
    if (this.has.sum) copy(this.#sums, from.#sums);
    if (this.has.moments) {
      copy(this.#means, from.#means);
      copy(this.#squares, from.#squares);
    }
    if (this.has.extremes) {
      copy(this.#mins, from.#mins);
      copy(this.#maxs, from.#maxs);
    }
    if (this.has.distinct) {
      copy(this.#sets, from.#sets, this.length * this.#bound);
      copy(this.#setSizes, from.#setSizes);
    }
  }

  /** Empties the ring of a slot. */
  clear(slot: number): void {
    this.#counts.fill(0, slot * this.length, (slot + 1) * this.length);
  }

  /**
   * Puts a value into its pane. The values of a slot come in the order of time. `lastMs` is the
   * time of the value before, -Infinity if there is none. `hash` is the value's hash, for
   * `distinct`.
   */
  add(slot: number, timeMs: number, lastMs: number, value: number, hash: number): void {
    const pane = this.paneOf(timeMs);
    // Then all panes in the ring are too old. They must be emptied: a pane's number is kept as 32
    // bits, and the same bits come again.
    if (pane - this.paneOf(lastMs) >= this.length) this.clear(slot);
    const place = this.#placeOf(slot, pane);
    if (this.#counts[place] === 0 || this.#numbers[place] !== pane >>> 0) this.#begin(place, pane);
    const count = (this.#counts[place] as number) + 1;
    this.#counts[place] = count;
    if (this.has.sum) this.#sums[place] = (this.#sums[place] as number) + value;
    if (this.has.moments) {
      const distance = value - (this.#means[place] as number);
      const mean = (this.#means[place] as number) + distance / count;
      this.#means[place] = mean;
      this.#squares[place] = (this.#squares[place] as number) + distance * (value - mean);
    }
    if (this.has.extremes) {
      if (value < (this.#mins[place] as number)) this.#mins[place] = value;
      if (value > (this.#maxs[place] as number)) this.#maxs[place] = value;
    }
    if (this.has.distinct) this.#addToSet(place, hash);
  }

  /**
   * Gathers the panes from number `from` down to number `to`. `from` is not after the latest pane
   * with a value. Never gathers more panes than a ring has, whatever the numbers are: beyond 2^53,
   * a number less one may be the number itself.
   */
  gatherDown(slot: number, from: number, to: number, into: Gathered): void {
    const [numbers, counts, sums] = [this.#numbers, this.#counts, this.#sums];
    const { sum: hasSum, moments, extremes, distinct } = this.has;
    const base = slot * this.length;
    let place = this.#placeOf(slot, from);
    let left = Math.min(from - to + 1, this.length);
    for (
      let pane = from;
      left > 0;
      left--, pane--, place = place === base ? base + this.length - 1 : place - 1
    ) {
      const count = counts[place] as number;
      if (count === 0 || numbers[place] !== pane >>> 0) continue;
      if (moments) into.addMoments(count, this.#means[place] as number, this.#squares[place] as number);
      into.count += count;
      if (hasSum) into.sum += sums[place] as number;
      if (extremes) into.addExtremes(this.#mins[place] as number, this.#maxs[place] as number);
      if (distinct) this.#gatherSet(place, into);
    }
  }

  #gatherSet(place: number, into: Gathered): void {
    const from = place * this.#bound;
    for (let index = 0; index < (this.#setSizes[place] as number); index++)
      into.distinct.add(this.#sets[from + index] as number);
  }

  #begin(place: number, pane: number): void {
    this.#numbers[place] = pane >>> 0;
    this.#counts[place] = 0;
    if (this.has.sum) this.#sums[place] = 0;
    if (this.has.moments) {
      this.#means[place] = 0;
      this.#squares[place] = 0;
    }
    if (this.has.extremes) {
      this.#mins[place] = Number.POSITIVE_INFINITY;
      this.#maxs[place] = Number.NEGATIVE_INFINITY;
    }
    if (this.has.distinct) this.#setSizes[place] = 0;
  }

  #addToSet(place: number, hash: number): void {
    const from = place * this.#bound;
    const size = this.#setSizes[place] as number;
    if (size === this.#bound) return;
    for (let index = 0; index < size; index++) if (this.#sets[from + index] === hash) return;
    this.#sets[from + size] = hash;
    this.#setSizes[place] = size + 1;
  }

  #placeOf(slot: number, pane: number): number {
    return slot * this.length + (((pane % this.length) + this.length) % this.length);
  }
}
