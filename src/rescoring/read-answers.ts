// The results of one micro-batch by one version, as columns of numbers in the order of the records.

import type { ResultBatch } from '../log/ports.ts';
import { readHeader } from '../log/record-batch.ts';
import { openRecordBatch } from '../log/record-batch-reader.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { type Label, type ResultReader, sourceOffsetOf } from './result-reader.ts';

/** Filled again for each micro-batch. */
export class ReadAnswers {
  /** Of the records that have a result, ascending. */
  readonly offsets: number[] = [];
  readonly scores: number[] = [];
  readonly labels: Label[] = [];
  readonly #reader: ResultReader;
  readonly #inflatedBytesMax: number;
  /** Where the value of each result is, to read its id when it is wanted. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #batches: Uint8Array[] = [];
  readonly #batchOf: number[] = [];

  constructor(reader: ResultReader, inflatedBytesMax: number) {
    this.#reader = reader;
    this.#inflatedBytesMax = inflatedBytesMax;
  }

  get count(): number {
    return this.offsets.length;
  }

  read({ outputs, resultBatches }: Pick<Outcome, 'outputs' | 'resultBatches'>): void {
    const columns: unknown[][] = [this.offsets, this.scores, this.labels, this.#starts, this.#ends];
    for (const column of [...columns, this.#batches, this.#batchOf]) column.length = 0;
    let isAscending = true;
    for (let index = 0; index < resultBatches; index++) {
      const { bytes } = outputs[index] as ResultBatch;
      const records = openRecordBatch({ header: readHeader(bytes), bytes }, this.#inflatedBytesMax);
      this.#batches.push(records.bytes);
      while (records.next()) {
        const offset = sourceOffsetOf(records);
        if (offset < (this.offsets.at(-1) ?? 0)) isAscending = false;
        this.#reader.read(records);
        if (Number.isNaN(this.#reader.score))
          throw new TypeError(`the result of the record at offset ${offset} has no number as its score`);
        this.offsets.push(offset);
        this.scores.push(this.#reader.score);
        this.labels.push(this.#reader.label);
        this.#starts.push(records.valueStart);
        this.#ends.push(records.valueEnd);
        this.#batchOf.push(index);
      }
    }
    if (!isAscending) this.#sort();
  }

  /** Of the result with that place in the columns. */
  idOf(index: number): string | null {
    const bytes = this.#batches[this.#batchOf[index] as number] as Uint8Array;
    return this.#reader.idOf(bytes, this.#starts[index] as number, this.#ends[index] as number);
  }

  /** Results that go to several partitions are in order only within each. */
  #sort(): void {
    const order = this.offsets.map((_, index) => index);
    order.sort((left, right) => (this.offsets[left] as number) - (this.offsets[right] as number));
    const columns = [this.offsets, this.scores, this.labels, this.#starts, this.#ends, this.#batchOf];
    for (const column of columns as number[][]) {
      const sorted = order.map((index) => column[index] as number);
      for (const [index, value] of sorted.entries()) column[index] = value;
    }
  }
}
