// Collects records into record batches of one topic, one open batch for each partition. A batch is
// closed before the record that would make it too large, because the broker refuses batches above
// its own limit. Within a partition the records keep the order of the calls.

import type { CompressionType } from './compression.ts';
import type { ResultBatch } from './ports.ts';
import { type Buffers, RECORD_OVERHEAD_BYTES_MAX, RecordBatchWriter } from './record-batch-writer.ts';

export class PartitionWriters {
  readonly #topic: string;
  readonly #batchBytesMax: number;
  readonly #compression: CompressionType;
  readonly #buffers: Buffers | undefined;
  readonly #writers = new Map<number, RecordBatchWriter>();
  /**
   * Those with an open batch, in the order in which they began: of many partitions, most have
   * none. One that was full in between is here twice.
   */
  readonly #open: number[] = [];
  #finished: ResultBatch[] = [];

  /**
   * The limit counts bytes before compression. A single record above it gets a batch of its own.
   */
  constructor(
    topic: string,
    batchBytesMax: number,
    compression: CompressionType = 'none',
    buffers?: Buffers,
  ) {
    this.#topic = topic;
    this.#batchBytesMax = batchBytesMax;
    this.#compression = compression;
    this.#buffers = buffers;
  }

  /** The writer for the next record. `recordBytes`: the size of its key, value and headers. */
  writerFor(partition: number, recordBytes: number): RecordBatchWriter {
    let writer = this.#writers.get(partition);
    if (writer === undefined) {
      writer = new RecordBatchWriter(this.#buffers);
      this.#writers.set(partition, writer);
    }
    const isFull = writer.byteLength + recordBytes + RECORD_OVERHEAD_BYTES_MAX > this.#batchBytesMax;
    if (isFull && writer.recordCount > 0) this.#close(partition, writer);
    if (writer.recordCount === 0) this.#open.push(partition);
    return writer;
  }

  /** Takes all batches, in order within each partition, and leaves nothing behind. */
  flush(): ResultBatch[] {
    for (const partition of this.#open) {
      const writer = this.#writers.get(partition) as RecordBatchWriter;
      if (writer.recordCount > 0) this.#close(partition, writer);
    }
    this.#open.length = 0;
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #close(partition: number, writer: RecordBatchWriter): void {
    this.#finished.push({ topic: this.#topic, partition, ...writer.finish(this.#compression) });
  }
}
