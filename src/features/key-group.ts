// The keys of one field. Each key has a slot in every ring. This file chooses which key loses its
// slot when there is no room.

import type { Archive } from './archive.ts';
import { grown, KeyTable } from './key-table.ts';
import type { LastValues } from './last-values.ts';
import type { Panes } from './panes.ts';

/** How many slots are searched for an idle key each time a new key comes. */
const LOOKS = 4;
/** How many slots are searched when there is no room. */
const LOOKS_MAX = 64;
const SMALLEST = 16;
export const NO_SLOT = -1;

export class KeyGroup {
  readonly keys: KeyTable;
  readonly rings: readonly Panes[];
  /** Null where no window looks at the last values. */
  readonly lasts: LastValues | null;
  /** After a key was idle for so long, no window holds anything of it. */
  readonly idleMs: number;
  /** Keys that were forgotten while they still had something in a window. */
  forgotten = 0;
  readonly #keysMax: number;
  /** By slot: the latest time in the panes, or NaN if the slot is free. */
  #lastMs = new Float64Array(0);
  /** Where the search for an idle key goes on. */
  #hand = 0;

  constructor(rings: readonly Panes[], idleMs: number, keysMax: number, lasts: LastValues | null = null) {
    this.keys = new KeyTable(keysMax);
    this.rings = rings;
    this.lasts = lasts;
    this.idleMs = idleMs;
    this.#keysMax = keysMax;
  }

  get bytes(): number {
    const own = this.keys.bytes + this.#lastMs.byteLength + (this.lasts?.bytes ?? 0);
    return this.rings.reduce((sum, ring) => sum + ring.bytes, own);
  }

  saveOrRestore(archive: Archive): void {
    this.keys.saveOrRestore(archive);
    [this.forgotten, this.#hand] = archive.numbers([this.forgotten, this.#hand]) as [number, number];
    this.#lastMs = archive.array(this.#lastMs, this.keys.end);
    for (const ring of this.rings) ring.saveOrRestore(archive, this.keys.end);
    this.lasts?.saveOrRestore(archive, this.keys.end);
  }

  lastMs(slot: number): number {
    return this.#lastMs[slot] as number;
  }

  /** To be called when a record of that time has gone into the panes. */
  passed(slot: number, timeMs: number): void {
    if (timeMs > (this.#lastMs[slot] as number)) this.#lastMs[slot] = timeMs;
  }

  /**
   * Returns the key's slot, and gives it a new one if it has none. Returns -1 when there is no
   * room. A slot stays if `waits` says that records of it still wait.
   */
  slotFor(high: number, low: number, watermarkMs: number, waits: (slot: number) => boolean): number {
    const found = this.keys.find(high, low);
    if (found >= 0) return found;
    this.#forgetIdle(watermarkMs - this.idleMs, waits);
    if (this.keys.isFull && !this.#forgetOldest(waits)) return NO_SLOT;
    const slot = this.keys.add(high, low);
    if (slot >= this.#lastMs.length) this.#reserve(slot + 1);
    this.#lastMs[slot] = Number.NEGATIVE_INFINITY;
    return slot;
  }

  /**
   * Takes over what another group, of the same windows, holds of a key. Returns the key's slot
   * there, or -1 if it has none: then nothing is taken.
   */
  copyKey(from: KeyGroup, high: number, low: number): number {
    const fromSlot = from.keys.find(high, low);
    if (fromSlot < 0) return NO_SLOT;
    const slot = this.slotFor(high, low, Number.NEGATIVE_INFINITY, () => false);
    this.#lastMs[slot] = from.lastMs(fromSlot);
    for (const [index, ring] of this.rings.entries())
      ring.copySlot(slot, from.rings[index] as Panes, fromSlot);
    if (from.lasts !== null) this.lasts?.copySlot(slot, from.lasts, fromSlot);
    return fromSlot;
  }

  /** Looks at the next few slots, and frees those whose key is in no window any more. */
  #forgetIdle(beforeMs: number, waits: (slot: number) => boolean): void {
    for (let looks = Math.min(LOOKS, this.keys.end); looks > 0; looks--) {
      const slot = this.#next();
      if ((this.#lastMs[slot] as number) < beforeMs && !waits(slot)) this.#free(slot);
    }
  }

  /** Among the next slots, frees the one that was idle the longest. */
  #forgetOldest(waits: (slot: number) => boolean): boolean {
    let [oldest, oldestMs] = [NO_SLOT, Number.POSITIVE_INFINITY];
    for (let looks = Math.min(LOOKS_MAX, this.keys.end); looks > 0; looks--) {
      const slot = this.#next();
      if (!((this.#lastMs[slot] as number) < oldestMs) || waits(slot)) continue;
      [oldest, oldestMs] = [slot, this.#lastMs[slot] as number];
    }
    if (oldest === NO_SLOT) return false;
    this.#free(oldest);
    this.forgotten++;
    return true;
  }

  #next(): number {
    this.#hand = (this.#hand + 1) % this.keys.end;
    return this.#hand;
  }

  #free(slot: number): void {
    this.keys.remove(slot);
    this.#lastMs[slot] = Number.NaN;
  }

  #reserve(slots: number): void {
    const length = Math.min(this.#keysMax, Math.max(slots, 2 * this.#lastMs.length, SMALLEST));
    this.#lastMs = grown(this.#lastMs, length);
    for (const ring of this.rings) ring.reserve(length);
    this.lasts?.reserve(length);
  }
}
