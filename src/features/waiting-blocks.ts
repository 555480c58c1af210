// The waiting records of one busy key, in blocks of equal time. Each block remembers what was
// gathered of it. So a window is read block by block, and no record has to walk over all that wait.
// The result is the same whether it was remembered or not.

import { Gathered } from './panes.ts';

/** Entries in the order of time. */
export interface Waiting {
  timeOf(entry: number): number;
  nextOf(entry: number): number;
  /** Gathers an entry after the entries before it. `value` is the index of a field, or NO_VALUE. */
  gather(entry: number, value: number, into: Gathered): void;
}

/** Stands for a field where entries are only counted. */
export const NO_VALUE = -1;

interface Block {
  readonly number: number;
  first: number;
  last: number;
  /**
   * By field, NO_VALUE first: what was gathered of it, or null where it has to be gathered again.
   */
  readonly gathered: (Gathered | null)[];
}

export class WaitingBlocks {
  readonly #list: Waiting;
  readonly #values: number;
  readonly #blockMs: number;
  /** In the order of time. None is empty. */
  readonly #blocks: Block[] = [];

  constructor(list: Waiting, values: number, blockMs: number) {
    this.#list = list;
    this.#values = values;
    this.#blockMs = blockMs;
  }

  blockAt(index: number): Block | undefined {
    return this.#blocks[index];
  }

  /** The index of the last block that does not lie after that time, or -1. */
  indexUpTo(timeMs: number): number {
    const number = Math.floor(timeMs / this.#blockMs);
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#blocks[middle] as Block).number <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /**
   * To be called when an entry was put into the list behind `before`. `before` is -1, or an entry
   * that may be in an earlier block.
   */
  added(entry: number, before: number): void {
    const timeMs = this.#list.timeOf(entry);
    const number = Math.floor(timeMs / this.#blockMs);
    const index = this.indexUpTo(timeMs);
    const block = this.#blocks[index];
    if (block === undefined || block.number !== number) {
      const gathered = Array.from({ length: this.#values + 1 }, () => null);
      this.#blocks.splice(index + 1, 0, { number, first: entry, last: entry, gathered });
      return;
    }
    if (before === block.last) {
      block.last = entry;
      block.gathered.forEach((known, place) => {
        if (known !== null) this.#list.gather(entry, place + NO_VALUE, known);
      });
      return;
    }
    if (this.#list.nextOf(entry) === block.first) block.first = entry;
    block.gathered.fill(null);
  }

  /** To be called when the earliest entry has left the list. */
  removedFirst(entry: number): void {
    const block = this.#blocks[0] as Block;
    if (block.last === entry) {
      this.#blocks.shift();
      return;
    }
    block.first = this.#list.nextOf(entry);
    block.gathered.fill(null);
  }

  /** What is gathered of a whole block, for one field. */
  gatheredOf(block: Block, value: number): Gathered {
    const known = block.gathered[value - NO_VALUE];
    if (known !== null && known !== undefined) return known;
    const found = new Gathered();
    for (let entry = block.first; ; entry = this.#list.nextOf(entry)) {
      this.#list.gather(entry, value, found);
      if (entry === block.last) break;
    }
    block.gathered[value - NO_VALUE] = found;
    return found;
  }
}
