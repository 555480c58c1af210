// Records that wait for the watermark, in flat arrays: a heap by time, and for each key a list in
// the order of time (waiting-list.ts). So the record that leaves is always the first of its list.

import type { Archive } from './archive.ts';
import { NO_SLOT } from './key-group.ts';
import { grown } from './key-table.ts';
import type { Gathered, Respects } from './panes.ts';
import { NO_VALUE } from './waiting-blocks.ts';
import { WaitingList } from './waiting-list.ts';

const NONE = NO_SLOT;
const SMALLEST = 64;
/** The most blocks of one busy key. */
const BLOCKS = 256;
const COUNTED: Respects = { moments: false, distinct: false };

export class Pending {
  readonly #groups: number;
  readonly #values: number;
  #capacity = 0;
  #times = new Float64Array(0);
  /** The order of arrival. It decides between equal times. */
  #arrivals = new Float64Array(0);
  #slots = new Int32Array(0);
  #numbers = new Float64Array(0);
  #hashes = new Uint32Array(0);
  /** Entries in heap order. */
  #heap = new Int32Array(0);
  #free: number[] = [];
  /** By group. */
  readonly #lists: readonly WaitingList[];
  /** By value: what is gathered of it. */
  readonly #respects: readonly Respects[];
  #arrived = 0;
  size = 0;

  constructor(groups: number, respects: readonly Respects[], graceMs: number) {
    this.#groups = groups;
    this.#values = respects.length;
    this.#respects = respects;
    const blockMs = Math.max(1, Math.ceil(graceMs / BLOCKS));
    this.#lists = Array.from({ length: groups }, () => new WaitingList(this, respects.length, blockMs));
  }

  get bytes(): number {
    const own = [this.#times, this.#arrivals, this.#slots, this.#numbers, this.#hashes, this.#heap];
    const bytes = own.reduce((sum, array) => sum + array.byteLength, 0);
    return this.#lists.reduce((sum, list) => sum + list.bytes, bytes);
  }

  saveOrRestore(archive: Archive): void {
    const numbers = archive.numbers([this.size, this.#arrived, this.#capacity]);
    [this.size, this.#arrived, this.#capacity] = numbers as [number, number, number];
    this.#free = archive.list(this.#free);
    this.#times = archive.array(this.#times, this.#capacity);
    this.#arrivals = archive.array(this.#arrivals, this.#capacity);
    this.#slots = archive.array(this.#slots, this.#capacity * this.#groups);
    this.#numbers = archive.array(this.#numbers, this.#capacity * this.#values);
    this.#hashes = archive.array(this.#hashes, this.#capacity * this.#values);
    this.#heap = archive.array(this.#heap, this.size);
    for (const list of this.#lists) list.saveOrRestore(archive, this.#capacity);
  }

  /** The time of the earliest record that waits. There must be one. */
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

  /** Gathers an entry, in all respects that the windows of that field need. */
  gather(entry: number, value: number, into: Gathered): void {
    if (value === NO_VALUE) into.addOne(0, 0, COUNTED);
    else {
      const place = entry * this.#values + value;
      into.addOne(
        this.#numbers[place] as number,
        this.#hashes[place] as number,
        this.#respects[value] as Respects,
      );
    }
  }

  /** The waiting records of a group, by key. */
  listOf(group: number): WaitingList {
    return this.#lists[group] as WaitingList;
  }

  /** A slot of -1 means that the key has no room. */
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
      if (slot !== NONE) this.listOf(group).add(entry, slot);
    }
    this.#heap[this.size] = entry;
    this.#rise(this.size++);
  }

  /**
   * Takes over those of another's records that wait in these slots, one of each group; -1 for none.
   * Here each of them is in slot 0.
   */
  copySlots(from: Pending, slots: readonly number[]): void {
    const entries = new Set<number>();
    slots.forEach((slot, group) => {
      if (slot === NONE) return;
      const list = from.listOf(group);
      let entry = list.lastUpTo(slot, Number.POSITIVE_INFINITY);
      for (; entry !== NONE; entry = list.beforeOf(entry)) entries.add(entry);
    });
    const own = new Int32Array(this.#groups);
    // In the order in which they came: so equal times stay in their order.
    for (const entry of [...entries].sort((left, right) => from.#arrivalOf(left) - from.#arrivalOf(right))) {
      slots.forEach((slot, group) => {
        own[group] = slot !== NONE && from.slotOf(entry, group) === slot ? 0 : NONE;
      });
      const values = entry * from.#values;
      this.add(
        from.timeOf(entry),
        own,
        from.#numbers.subarray(values, values + from.#values),
        from.#hashes.subarray(values, values + from.#values),
      );
    }
  }

  #arrivalOf(entry: number): number {
    return this.#arrivals[entry] as number;
  }

  /**
   * Takes the earliest record out. `timeOf` and the other getters still answer for it until the
   * next `add`.
   */
  takeEarliest(): number {
    const entry = this.#heap[0] as number;
    this.#heap[0] = this.#heap[--this.size] as number;
    this.#sink();
    for (let group = 0; group < this.#groups; group++) {
      const slot = this.slotOf(entry, group);
      // The earliest record of all is also the earliest of its key.
      if (slot !== NONE) this.listOf(group).removeFirst(entry, slot);
    }
    this.#free.push(entry);
    return entry;
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
    let node = from;
    while (node > 0) {
      const parent = (node - 1) >> 1;
      if (!this.#isBefore(entry, heap[parent] as number)) break;
      heap[node] = heap[parent] as number;
      node = parent;
    }
    heap[node] = entry;
  }

  #sink(): void {
    const heap = this.#heap;
    const entry = heap[0] as number;
    let node = 0;
    for (;;) {
      let child = 2 * node + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#isBefore(heap[child + 1] as number, heap[child] as number)) child++;
      if (!this.#isBefore(heap[child] as number, entry)) break;
      heap[node] = heap[child] as number;
      node = child;
    }
    heap[node] = entry;
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity = Math.max(SMALLEST, 2 * before);
    this.#times = grown(this.#times, this.#capacity);
    this.#arrivals = grown(this.#arrivals, this.#capacity);
    this.#slots = grown(this.#slots, this.#capacity * this.#groups);
    for (const list of this.#lists) list.reserve(this.#capacity);
    this.#numbers = grown(this.#numbers, this.#capacity * this.#values);
    this.#hashes = grown(this.#hashes, this.#capacity * this.#values);
    this.#heap = grown(this.#heap, this.#capacity);
    for (let entry = this.#capacity - 1; entry >= before; entry--) this.#free.push(entry);
  }
}
