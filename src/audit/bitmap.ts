// One bit for each offset of a range: millions of offsets in bounded memory.

import type { OffsetRange } from '../log/offset.ts';

export class Bitmap {
  readonly from: number;
  readonly until: number;
  readonly #bits: Uint8Array;

  constructor(from: number, until: number) {
    this.from = from;
    this.until = until;
    this.#bits = new Uint8Array(Math.ceil(Math.max(0, until - from) / 8));
  }

  has(offset: number): boolean {
    const at = offset - this.from;
    return at >= 0 && offset < this.until && ((this.#bits[at >> 3] as number) & (1 << (at & 7))) !== 0;
  }

  /** How many are set. */
  get count(): number {
    let count = 0;
    for (const { from, until } of this.runs(this.from, this.until)) count += until - from;
    return count;
  }

  /** The runs of set bits among the offsets from `first` up to `until`. */
  runs(first: number, until: number): OffsetRange[] {
    const runs: { from: number; until: number }[] = [];
    for (let offset = Math.max(first, this.from); offset < Math.min(until, this.until); offset++) {
      if (!this.has(offset)) continue;
      const last = runs.at(-1);
      if (last?.until === offset) last.until++;
      else runs.push({ from: offset, until: offset + 1 });
    }
    return runs;
  }

  /** Returns whether it was set before. Offsets outside of the range are left alone, and count as not set. */
  set(offset: number): boolean {
    const at = offset - this.from;
    if (at < 0 || offset >= this.until) return false;
    const mask = 1 << (at & 7);
    const byte = this.#bits[at >> 3] as number;
    this.#bits[at >> 3] = byte | mask;
    return (byte & mask) !== 0;
  }
}
