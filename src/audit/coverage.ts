// What became of each record of one input partition: which records exist, and which results and
// dead letters name them. This proves from the topics alone that nothing is lost.

import type { OffsetRange } from '../log/offset.ts';
import { Bitmap } from './bitmap.ts';

export interface PartitionReport {
  readonly partition: number;
  /** Records in the range that the group has committed. */
  readonly inputs: number;
  readonly scoredOnce: number;
  /** Records with more than one result or dead letter. At-least-once allows them. */
  readonly repeated: number;
  readonly dead: number;
  /** Records that the configuration skips: they need no answer. */
  readonly skipped: number;
  /** Committed records without a result or a dead letter. */
  readonly missing: number;
  /** The first missing records, as ranges of offsets, both ends included. */
  readonly missingOffsets: readonly (readonly [number, number])[];
  /** Results that come after the result of a later record; repeated results do not count. */
  readonly outOfOrder: number;
  /** Records that are not committed yet: they need no answer yet. */
  readonly pending: number;
}

const RANGES_MAX = 20;

export class Coverage {
  readonly #partition: number;
  readonly #committed: number;
  readonly #there: Bitmap;
  readonly #scored: Bitmap;
  readonly #dead: Bitmap;
  readonly #repeated: Bitmap;
  readonly #skipped: Bitmap;
  /** The highest answered offset so far in each output partition. */
  readonly #highest = new Map<string, number>();
  #outOfOrder = 0;

  /** For the offsets from `from` up to `until`. Those below `committed` must have an answer. */
  constructor(partition: number, from: number, until: number, committed: number) {
    this.#partition = partition;
    this.#committed = committed;
    this.#there = new Bitmap(from, until);
    this.#scored = new Bitmap(from, until);
    this.#dead = new Bitmap(from, until);
    this.#repeated = new Bitmap(from, until);
    this.#skipped = new Bitmap(from, until);
  }

  /** There is a record in the input. */
  input(offset: number): void {
    this.#there.set(offset);
  }

  /**
   * There is a result or a dead letter of the record at `offset` in that partition of the output.
   */
  answer(kind: 'result' | 'deadLetter', offset: number, outputPartition: number): void {
    if (offset < this.#there.from || offset >= this.#there.until) return;
    const seen = this.#scored.has(offset) || this.#dead.has(offset);
    (kind === 'result' ? this.#scored : this.#dead).set(offset);
    if (seen) {
      this.#repeated.set(offset);
      return;
    }
    const place = `${kind} ${outputPartition}`;
    const highest = this.#highest.get(place) ?? -1;
    if (offset < highest) this.#outOfOrder++;
    else this.#highest.set(place, offset);
  }

  /** Whether a record is committed, and has no answer and no other explanation yet. */
  isOpen(offset: number): boolean {
    return (
      offset < this.#committed &&
      this.#there.has(offset) &&
      !this.#scored.has(offset) &&
      !this.#dead.has(offset) &&
      !this.#skipped.has(offset)
    );
  }

  /** The offsets from the first open record to the last; an empty range if there is none. */
  get open(): OffsetRange {
    let [from, until] = [0, 0];
    this.#there.forEach((offset) => {
      if (!this.isOpen(offset)) return;
      if (until === 0) from = offset;
      until = offset + 1;
    });
    return { from, until };
  }

  hasOpen(from: number, until: number): boolean {
    let found = false;
    this.#there.forEach(
      (offset) => {
        found ||= this.isOpen(offset);
      },
      from,
      until,
    );
    return found;
  }

  /** The configuration skips this record. */
  skip(offset: number): void {
    this.#skipped.set(offset);
  }

  report(): PartitionReport {
    let [inputs, scoredOnce, repeated, dead, skipped, missing, pending] = [0, 0, 0, 0, 0, 0, 0];
    const missingOffsets: [number, number][] = [];
    this.#there.forEach((offset) => {
      const isAnswered = this.#scored.has(offset) || this.#dead.has(offset);
      if (offset >= this.#committed) {
        pending++;
        return;
      }
      inputs++;
      if (this.#repeated.has(offset)) repeated++;
      else if (this.#dead.has(offset)) dead++;
      else if (isAnswered) scoredOnce++;
      else if (this.#skipped.has(offset)) skipped++;
      else {
        missing++;
        const last = missingOffsets.at(-1);
        if (last?.[1] === offset - 1) last[1] = offset;
        else if (missingOffsets.length < RANGES_MAX) missingOffsets.push([offset, offset]);
      }
    });
    const [partition, outOfOrder] = [this.#partition, this.#outOfOrder];
    return {
      partition,
      inputs,
      scoredOnce,
      repeated,
      dead,
      skipped,
      missing,
      missingOffsets,
      outOfOrder,
      pending,
    };
  }
}
