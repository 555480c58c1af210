// One bit for each offset of a range, in pages. A page is made when its first bit is set, so memory
// and time depend on the number of records, not on the number of offsets: compaction may have left
// many offsets without a record.

import type { OffsetRange } from '../log/offset.ts';

/** Offsets in a page of 8 KiB. */
const PAGE = 2 ** 16;

export class Bitmap {
  readonly from: number;
  readonly until: number;
  readonly #pages = new Map<number, Uint8Array>();
  /** The number of the page that was used last: offsets mostly come in order. */
  #number = -1;
  #page: Uint8Array | undefined;

  constructor(from: number, until: number) {
    this.from = from;
    this.until = until;
  }

  has(offset: number): boolean {
    const index = offset - this.from;
    if (!(index >= 0 && offset < this.until)) return false;
    const bit = index % PAGE;
    const byte = this.#pageOf(index)?.[bit >> 3] ?? 0;
    return (byte & (1 << (bit & 7))) !== 0;
  }

  /** How many bits are set. */
  get count(): number {
    let count = 0;
    this.forEach(() => {
      count++;
    });
    return count;
  }

  /** Visits the set bits from `first` up to `until`, in ascending order. */
  forEach(visit: (offset: number) => void, first = this.from, until = this.until): void {
    const [from, end] = [Math.max(first, this.from) - this.from, Math.min(until, this.until) - this.from];
    for (const number of this.#numbers(Math.floor(from / PAGE), Math.ceil(end / PAGE))) {
      const page = this.#pages.get(number);
      if (page === undefined) continue;
      const start = number * PAGE;
      for (let bit = Math.max(0, from - start); bit < Math.min(PAGE, end - start); bit++)
        if (((page[bit >> 3] as number) & (1 << (bit & 7))) !== 0) visit(this.from + start + bit);
    }
  }

  /** The runs of set bits among the offsets from `first` up to `until`. */
  runs(first: number, until: number): OffsetRange[] {
    const runs: { from: number; until: number }[] = [];
    this.forEach(
      (offset) => {
        const last = runs.at(-1);
        if (last?.until === offset) last.until++;
        else runs.push({ from: offset, until: offset + 1 });
      },
      first,
      until,
    );
    return runs;
  }

  /**
   * Returns whether the bit was set before. An offset outside of the range has no bit, and counts
   * as not set.
   */
  set(offset: number): boolean {
    const index = offset - this.from;
    if (!(index >= 0 && offset < this.until)) return false;
    let page = this.#pageOf(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE / 8);
      this.#pages.set(this.#number, page);
      this.#page = page;
    }
    const bit = index % PAGE;
    const mask = 1 << (bit & 7);
    const byte = page[bit >> 3] as number;
    page[bit >> 3] = byte | mask;
    return (byte & mask) !== 0;
  }

  #pageOf(index: number): Uint8Array | undefined {
    const number = Math.floor(index / PAGE);
    if (number === this.#number) return this.#page;
    this.#number = number;
    this.#page = this.#pages.get(number);
    return this.#page;
  }

  /**
   * The numbers of the pages in this range, in ascending order: never more than there are pages.
   */
  #numbers(from: number, until: number): Iterable<number> {
    if (until - from <= this.#pages.size)
      return Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index);
    return [...this.#pages.keys()]
      .filter((number) => number >= from && number < until)
      .sort((left, right) => left - right);
  }
}
