// From keys to slots: a hash table on typed arrays, with no object for a key. A key is known by a
// hash of 64 bits. Among a million keys, the chance that two have the same hash is 3 in 100
// million.

import type { Archive, Numbers } from './archive.ts';

const SMALLEST = 16;
const NONE = -1;

export class KeyTable {
  readonly #slotsMax: number;
  /** Open addressing with linear probing. Each place holds a slot, or -1. */
  #places = new Int32Array(2 * SMALLEST).fill(NONE);
  /** By slot. */
  #high = new Uint32Array(SMALLEST);
  #low = new Uint32Array(SMALLEST);
  #free: number[] = [];
  #used = 0;

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax;
  }

  /** All slots in use are below this number. */
  get end(): number {
    return this.#used;
  }

  get size(): number {
    return this.#used - this.#free.length;
  }

  get isFull(): boolean {
    return this.size === this.#slotsMax;
  }

  /** The bytes that its arrays take. */
  get bytes(): number {
    return this.#places.byteLength + this.#high.byteLength + this.#low.byteLength;
  }

  saveOrRestore(archive: Archive): void {
    [this.#used] = archive.numbers([this.#used]) as [number];
    this.#free = archive.list(this.#free);
    this.#places = archive.array(this.#places, this.#places.length);
    this.#high = archive.array(this.#high, this.#used);
    this.#low = archive.array(this.#low, this.#used);
  }

  /** The key's slot, or -1. */
  find(high: number, low: number): number {
    return this.#places[this.#placeOf(high, low)] as number;
  }

  /** Gives a slot to a key that has none. The table must not be full. */
  add(high: number, low: number): number {
    if (this.isFull) throw new RangeError(`the table holds ${this.#slotsMax} keys and no more`);
    if (2 * (this.size + 1) > this.#places.length) this.#grow();
    const slot = this.#free.pop() ?? this.#used++;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#places[this.#placeOf(high, low)] = slot;
    return slot;
  }

  /**
   * Frees a slot in use. The entries behind it in its run move up, so that no gap cuts them off.
   */
  remove(slot: number): void {
    const mask = this.#places.length - 1;
    let gap = this.#placeOf(this.#high[slot] as number, this.#low[slot] as number);
    for (let place = (gap + 1) & mask; this.#places[place] !== NONE; place = (place + 1) & mask) {
      const home = (this.#low[this.#places[place] as number] as number) & mask;
      // The entry may move into the gap unless its home place lies behind the gap.
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      this.#places[gap] = this.#places[place] as number;
      gap = place;
    }
    this.#places[gap] = NONE;
    this.#free.push(slot);
  }

  /** The place where the key stands, or where it would be put. */
  #placeOf(high: number, low: number): number {
    const mask = this.#places.length - 1;
    let place = low & mask;
    for (;;) {
      const slot = this.#places[place] as number;
      if (slot === NONE || (this.#low[slot] === low && this.#high[slot] === high)) return place;
      place = (place + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(2 * old.length).fill(NONE);
    this.#high = grown(this.#high, old.length);
    this.#low = grown(this.#low, old.length);
    for (const slot of old) {
      if (slot !== NONE)
        this.#places[this.#placeOf(this.#high[slot] as number, this.#low[slot] as number)] = slot;
    }
  }
}

/** Copies the numbers into a new array of that length. */
export function grown<T extends Numbers>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
