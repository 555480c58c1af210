// Where several jobs share threads, a job waits as long as the longest task of another: a task is
// not interrupted. So the micro-batches of a slow model go to the threads in slices of a bounded
// time, and other jobs have their turn between them.

import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Turns } from './free-threads.ts';

/** A few times what it costs to ask a thread (0.3 ms), and little beside a latency target. */
const SLICE_MS = 5;
/** How much one more outcome counts in the mean time of a record. */
const FRESH = 0.2;

/** Offsets from `first` up to `until`. */
export interface Slice {
  readonly first: number;
  readonly until: number;
}

export class Slices {
  readonly #turns: Pick<Turns, 'isContended'>;
  /** Thread time of a record; 0 until it is known. */
  #recordMs = 0;

  constructor(turns: Pick<Turns, 'isContended'>) {
    this.#turns = turns;
  }

  /**
   * In the order of offsets, without a gap, the whole of it together. One slice if no other job
   * wants the threads.
   */
  of(microBatch: MicroBatch): readonly Slice[] {
    const recordsMax = this.#turns.isContended && this.#recordMs > 0 ? SLICE_MS / this.#recordMs : Infinity;
    return cutByRecords(microBatch, recordsMax);
  }

  /** What was learnt from a slice. */
  took({ scored, deadLetters, skipped, decodeMs, predictMs, encodeMs }: Outcome): void {
    const records = scored + deadLetters + skipped;
    if (records === 0) return;
    const recordMs = (decodeMs + predictMs + encodeMs) / records;
    this.#recordMs += (this.#recordMs === 0 ? 1 : FRESH) * (recordMs - this.#recordMs);
  }
}

/**
 * Slices of at most so many records, or of one record batch: what a batch holds is opened in one
 * go.
 */
export function cutByRecords({ first, next, batches }: MicroBatch, recordsMax: number): readonly Slice[] {
  const starts: number[] = [first];
  let records = 0;
  for (const { header } of batches) {
    if (records > 0 && records + header.recordCount > recordsMax) {
      starts.push(header.baseOffset);
      records = 0;
    }
    records += header.recordCount;
  }
  return starts.map((start, index) => ({ first: start, until: starts[index + 1] ?? next }));
}
