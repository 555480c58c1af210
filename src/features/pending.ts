// Records that wait for the watermark, in flat arrays: a heap by time, and for each key a list in the order of time, so that what goes
// is always the head of its list.

import type { Archive } from './archive.ts';
import { grown } from './key-table.ts';

const NONE = -1;
const SMALLEST = 64;

export class Pending {
  readonly #groups: number;
  readonly #values: number;
  #capacity = 0;
  #times = new Float64Array(0);
  /** Order of arrival, for equal times. */
  #arrivals = new Float64Array(0);
  #slots = new Int32Array(0);
  #nexts = new Int32Array(0);
  #numbers = new Float64Array(0);
  #hashes = new Uint32Array(0);
  /** Entries in heap order. */
  #heap = new Int32Array(0);
  #free: number[] = [];
  /** By group, the first entry of each slot. */
  #firsts: Int32Array[];
  #arrived = 0;
  size = 0;

  constructor(groups: number, values: number) {
    this.#groups = groups;
    this.#values = values;
    this.#firsts = Array.from({ length: groups }, () => new Int32Array(0));
  }

  get bytes(): number {
    return [
      this.#times,
      this.#arrivals,
      this.#slots,
      this.#nexts,
      this.#numbers,
      this.#hashes,
      this.#heap,
      ...this.#firsts,
    ].reduce((sum, array) => sum + array.byteLength, 0);
  }

  carry(archive: Archive): void {
    const numbers = archive.numbers([this.size, this.#arrived, this.#capacity]);
    [this.size, this.#arrived, this.#capacity] = numbers as [number, number, number];
    this.#free = archive.list(this.#free);
    this.#times = archive.array(this.#times, this.#capacity);
    this.#arrivals = archive.array(this.#arrivals, this.#capacity);
    this.#slots = archive.array(this.#slots, this.#capacity * this.#groups);
    this.#nexts = archive.array(this.#nexts, this.#capacity * this.#groups);
    this.#numbers = archive.array(this.#numbers, this.#capacity * this.#values);
    this.#hashes = archive.array(this.#hashes, this.#capacity * this.#values);
    this.#heap = archive.array(this.#heap, this.size);
    this.#firsts = this.#firsts.map((firsts) => archive.array(firsts, firsts.length));
  }

  /** Of the earliest that waits; there must be one. */
  get earliestMs(): number {
    return this.#times[this.#heap[0] as number] as number;
  }

  timeOf(entry: number): number {
    return this.#times[entry] as number;
  }

  slotOf(entry: number, group: number): number {
    return this.#slots[entry * this.#groups + group] as number;
  }

  valueOf(entry: number, value: number): number {
    return this.#numbers[entry * this.#values + value] as number;
  }

  hashOf(entry: number, value: number): number {
    return this.#hashes[entry * this.#values + value] as number;
  }

  /** The earliest entry of a key, or -1. */
  firstOf(group: number, slot: number): number {
    return this.#firsts[group]?.[slot] ?? NONE;
  }

  nextOf(group: number, entry: number): number {
    return this.#nexts[entry * this.#groups + group] as number;
  }

  /** A slot of -1 is none: the key has no room. */
  add(timeMs: number, slots: Int32Array, values: Float64Array, valueHashes: Uint32Array): void {
    if (this.#free.length === 0) this.#grow();
    const entry = this.#free.pop() as number;
    this.#times[entry] = timeMs;
    this.#arrivals[entry] = this.#arrived++;
    this.#numbers.set(values, entry * this.#values);
    this.#hashes.set(valueHashes, entry * this.#values);
    for (let group = 0; group < this.#groups; group++) {
      const slot = slots[group] as number;
      this.#slots[entry * this.#groups + group] = slot;
      if (slot !== NONE) this.#link(entry, group, slot);
    }
    this.#heap[this.size] = entry;
    this.#rise(this.size++);
  }

  /** Takes the earliest out. What `timeOf` and the others say of it holds until the next `add`. */
  takeEarliest(): number {
    const entry = this.#heap[0] as number;
    this.#heap[0] = this.#heap[--this.size] as number;
    this.#sink();
    for (let group = 0; group < this.#groups; group++) {
      const slot = this.slotOf(entry, group);
      // The earliest of all is the earliest of its key.
      if (slot !== NONE) (this.#firsts[group] as Int32Array)[slot] = this.nextOf(group, entry);
    }
    this.#free.push(entry);
    return entry;
  }

  /** Puts an entry behind those of its key that are not later. */
  #link(entry: number, group: number, slot: number): void {
    let firsts = this.#firsts[group] as Int32Array;
    if (slot >= firsts.length) {
      const larger = new Int32Array(Math.max(SMALLEST, 2 * slot)).fill(NONE);
      larger.set(firsts);
      this.#firsts[group] = larger;
      firsts = larger;
    }
    let before = NONE;
    let after = firsts[slot] as number;
    while (after !== NONE && (this.#times[after] as number) <= (this.#times[entry] as number)) {
      before = after;
      after = this.nextOf(group, after);
    }
    this.#nexts[entry * this.#groups + group] = after;
    if (before === NONE) firsts[slot] = entry;
    else this.#nexts[before * this.#groups + group] = entry;
  }

  #isBefore(left: number, right: number): boolean {
    const [leftMs, rightMs] = [this.#times[left] as number, this.#times[right] as number];
    return (
      leftMs < rightMs ||
      (leftMs === rightMs && (this.#arrivals[left] as number) < (this.#arrivals[right] as number))
    );
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as number;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(entry, heap[parent] as number)) break;
      heap[at] = heap[parent] as number;
      at = parent;
    }
    heap[at] = entry;
  }

  #sink(): void {
    const heap = this.#heap;
    const entry = heap[0] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#isBefore(heap[child + 1] as number, heap[child] as number)) child++;
      if (!this.#isBefore(heap[child] as number, entry)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = entry;
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity = Math.max(SMALLEST, 2 * before);
    this.#times = grown(this.#times, this.#capacity);
    this.#arrivals = grown(this.#arrivals, this.#capacity);
    this.#slots = grown(this.#slots, this.#capacity * this.#groups);
    this.#nexts = grown(this.#nexts, this.#capacity * this.#groups);
    this.#numbers = grown(this.#numbers, this.#capacity * this.#values);
    this.#hashes = grown(this.#hashes, this.#capacity * this.#values);
    this.#heap = grown(this.#heap, this.#capacity);
    for (let entry = this.#capacity - 1; entry >= before; entry--) this.#free.push(entry);
  }
}
