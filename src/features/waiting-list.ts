// The waiting records of each key of one group: a list in the order of time, linked both ways
// through flat arrays. Records mostly come in order, and are put at the end at once. The list of a
// key with many waiting records has blocks as well (waiting-blocks.ts).

import type { Archive } from './archive.ts';
import { NO_SLOT } from './key-group.ts';
import { grown } from './key-table.ts';
import { Gathered, type Respects } from './panes.ts';
import { type Waiting, WaitingBlocks } from './waiting-blocks.ts';

const NONE = NO_SLOT;
const SMALLEST = 64;
/** A key with this many entries gets blocks. It keeps them until it has only a quarter of that. */
const BUSY = 64;

/** What the list must know of its entries. */
export type Entries = Pick<Waiting, 'timeOf' | 'gather'>;

export class WaitingList implements Waiting {
  readonly #entries: Entries;
  readonly #values: number;
  readonly #blockMs: number;
  /** By entry. */
  #nexts = new Int32Array(0);
  #befores = new Int32Array(0);
  /** By slot. */
  #firsts = new Int32Array(0);
  #lasts = new Int32Array(0);
  #counts = new Int32Array(0);
  readonly #busy = new Map<number, WaitingBlocks>();
  readonly #part = new Gathered();

  constructor(entries: Entries, values: number, blockMs: number) {
    this.#entries = entries;
    this.#values = values;
    this.#blockMs = blockMs;
  }

  get bytes(): number {
    return [this.#nexts, this.#befores, this.#firsts, this.#lasts, this.#counts].reduce(
      (sum, array) => sum + array.byteLength,
      0,
    );
  }

  /**
   * Makes room for `capacity` entries. A busy key gets its blocks when its next entry comes or
   * goes.
   */
  saveOrRestore(archive: Archive, capacity: number): void {
    this.#nexts = archive.array(this.#nexts, capacity);
    this.#befores = archive.array(this.#befores, capacity);
    this.#firsts = archive.array(this.#firsts, this.#firsts.length);
    this.#lasts = archive.array(this.#lasts, this.#lasts.length);
    this.#counts = archive.array(this.#counts, this.#counts.length);
  }

  reserve(capacity: number): void {
    this.#nexts = grown(this.#nexts, capacity);
    this.#befores = grown(this.#befores, capacity);
  }

  timeOf(entry: number): number {
    return this.#entries.timeOf(entry);
  }

  gather(entry: number, value: number, into: Gathered): void {
    this.#entries.gather(entry, value, into);
  }

  nextOf(entry: number): number {
    return this.#nexts[entry] as number;
  }

  beforeOf(entry: number): number {
    return this.#befores[entry] as number;
  }

  has(slot: number): boolean {
    return (this.#firsts[slot] ?? NONE) !== NONE;
  }

  /** The last entry of a key that is not later than that time, or -1. */
  lastUpTo(slot: number, timeMs: number): number {
    let entry = this.#lasts[slot] ?? NONE;
    const blocks = this.#busy.get(slot);
    if (blocks !== undefined) entry = blocks.blockAt(blocks.indexUpTo(timeMs))?.last ?? NONE;
    while (entry !== NONE && this.timeOf(entry) > timeMs) entry = this.#befores[entry] as number;
    return entry;
  }

  /** Puts an entry behind the entries of its key that are not later. */
  add(entry: number, slot: number): void {
    if (slot >= this.#firsts.length) this.#reserveSlots(Math.max(SMALLEST, 2 * slot));
    const before = this.lastUpTo(slot, this.timeOf(entry));
    const after = before === NONE ? (this.#firsts[slot] as number) : this.nextOf(before);
    this.#befores[entry] = before;
    this.#nexts[entry] = after;
    if (before === NONE) this.#firsts[slot] = entry;
    else this.#nexts[before] = entry;
    if (after === NONE) this.#lasts[slot] = entry;
    else this.#befores[after] = entry;
    this.#busy.get(slot)?.added(entry, before);
    this.#counted(slot, 1);
  }

  /** Takes out the first entry of its key. */
  removeFirst(entry: number, slot: number): void {
    this.#busy.get(slot)?.removedFirst(entry);
    const after = this.nextOf(entry);
    this.#firsts[slot] = after;
    if (after === NONE) this.#lasts[slot] = NONE;
    else this.#befores[after] = NONE;
    this.#counted(slot, -1);
  }

  /**
   * Gathers entries, from `last` back to the first whose pane is `pane` or later. Returns the entry
   * before that one, or -1. Each block is gathered by itself, whether it was remembered or not, so
   * the numbers are the same to the bit.
   */
  gatherBack(
    slot: number,
    last: number,
    hopMs: number,
    pane: number,
    value: number,
    respects: Respects,
    into: Gathered,
  ): number {
    const blocks = this.#busy.get(slot);
    let index = blocks === undefined || last === NONE ? -1 : blocks.indexUpTo(this.timeOf(last));
    let to = last;
    for (; to !== NONE && this.#isInside(to, hopMs, pane); index--) {
      const block = blocks?.blockAt(index);
      let from = to;
      if (blocks !== undefined && block?.last === to && this.#isInside(block.first, hopMs, pane)) {
        into.merge(blocks.gatheredOf(block, value), respects);
        from = block.first;
      } else {
        const number = this.#blockOf(to);
        let before = this.#befores[from] as number;
        while (before !== NONE && this.#blockOf(before) === number && this.#isInside(before, hopMs, pane)) {
          from = before;
          before = this.#befores[from] as number;
        }
        this.#gatherPart(from, to, value, respects, into);
      }
      to = this.#befores[from] as number;
    }
    return to;
  }

  #gatherPart(from: number, to: number, value: number, respects: Respects, into: Gathered): void {
    if (from === to) {
      this.gather(to, value, into);
      return;
    }
    const part = this.#part;
    part.clear();
    for (let entry = from; entry !== to; entry = this.nextOf(entry)) this.gather(entry, value, part);
    this.gather(to, value, part);
    into.merge(part, respects);
  }

  #isInside(entry: number, hopMs: number, pane: number): boolean {
    return Math.floor(this.timeOf(entry) / hopMs) >= pane;
  }

  #blockOf(entry: number): number {
    return Math.floor(this.timeOf(entry) / this.#blockMs);
  }

  #counted(slot: number, by: number): void {
    const count = (this.#counts[slot] as number) + by;
    this.#counts[slot] = count;
    if (count * 4 < BUSY) this.#busy.delete(slot);
    if (count < BUSY || this.#busy.has(slot)) return;
    const blocks = new WaitingBlocks(this, this.#values, this.#blockMs);
    for (let entry = this.#firsts[slot] as number; entry !== NONE; entry = this.nextOf(entry))
      blocks.added(entry, this.#befores[entry] as number);
    this.#busy.set(slot, blocks);
  }

  #reserveSlots(slots: number): void {
    const from = this.#firsts.length;
    this.#firsts = grown(this.#firsts, slots).fill(NONE, from);
    this.#lasts = grown(this.#lasts, slots).fill(NONE, from);
    this.#counts = grown(this.#counts, slots);
  }
}
