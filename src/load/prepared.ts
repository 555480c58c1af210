// Records that are ready as bytes, so that to send them costs nearly nothing: next to a daemon that
// is measured in the same process, all that a load source does is a part of the figures. They are
// sent again and again.

import { BufferPool } from '../base/buffer-pool.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import type { ResultBatch } from '../log/ports.ts';
import { RECORD_OVERHEAD_BYTES_MAX } from '../log/record-batch-writer.ts';

export interface PreparedRecord {
  readonly partition: number;
  readonly key: Uint8Array | null;
  /** Null: a tombstone. */
  readonly value: Uint8Array | null;
  /** An encoded block. */
  readonly headers: Uint8Array;
}

/** What producers of Kafka fill a batch up to unless they are told otherwise (batch.size). */
const BATCH_BYTES_MAX = 16 * 1024;

export class PreparedRecords {
  readonly #records: readonly PreparedRecord[];
  readonly #buffers = new BufferPool();
  readonly #writers: PartitionWriters;
  #sent = 0;
  /** The mean of a record in a batch, at most. */
  readonly recordBytes: number;

  /** At least one record. */
  constructor(topic: string, records: readonly PreparedRecord[]) {
    if (records.length === 0) throw new RangeError('expected records to send');
    this.#records = records;
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    this.recordBytes = bytes / records.length + RECORD_OVERHEAD_BYTES_MAX;
    this.#writers = new PartitionWriters(topic, BATCH_BYTES_MAX, 'none', this.#buffers);
  }

  /** The next records. The timestamp of the first is `fromMs`, and each is `stepMs` later. */
  batches(count: number, fromMs: number, stepMs: number): ResultBatch[] {
    for (let index = 0; index < count; index++) {
      const record = this.#records[this.#sent++ % this.#records.length] as PreparedRecord;
      const { partition, key, value, headers } = record;
      this.#writers
        .writerFor(partition, sizeOf(record))
        .appendRecord(Math.floor(fromMs + index * stepMs), key, value, headers);
    }
    return this.#writers.flush();
  }

  /** Takes back batches that nobody reads any more. */
  giveBack(batches: readonly ResultBatch[]): void {
    for (const { bytes } of batches) this.#buffers.giveBack(bytes.buffer as ArrayBuffer);
  }
}

const sizeOf = ({ key, value, headers }: PreparedRecord): number =>
  (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + headers.byteLength;
