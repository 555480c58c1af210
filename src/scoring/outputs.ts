// Collects the output records of one task into record batches, one open batch for each output partition. A batch that
// has grown to its limit is closed and another begun; the order within a partition is the order of `append`.

import type { CompressionType } from '../log/compression.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import type { ResultBatch } from '../log/ports.ts';
import { type Buffers, RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { OutputTopic } from './messages.ts';

export class Outputs {
  readonly #topic: OutputTopic;
  readonly #copartitioned: boolean;
  readonly #batchBytesMax: number;
  readonly #compression: CompressionType;
  readonly #buffers: Buffers;
  readonly #writers = new Map<number, RecordBatchWriter>();
  #finished: ResultBatch[] = [];

  constructor(
    topic: OutputTopic,
    inputPartitionCount: number,
    batchBytesMax: number,
    compression: CompressionType,
    buffers: Buffers,
  ) {
    this.#topic = topic;
    this.#copartitioned = topic.partitionCount === inputPartitionCount;
    this.#batchBytesMax = batchBytesMax;
    this.#compression = compression;
    this.#buffers = buffers;
  }

  /**
   * The writer for a record that came from `inputPartition` with that key (start -1: none): the input's own partition
   * where the counts agree, else the one that Kafka's Java client would choose for the key.
   */
  writerFor(
    inputPartition: number,
    keySource: Uint8Array,
    keyStart: number,
    keyEnd: number,
  ): RecordBatchWriter {
    const { partitionCount } = this.#topic;
    let partition = inputPartition % partitionCount;
    if (!this.#copartitioned && keyStart >= 0)
      partition = partitionOfKey(keySource, partitionCount, keyStart, keyEnd);
    let writer = this.#writers.get(partition);
    if (writer === undefined) {
      writer = new RecordBatchWriter(this.#buffers);
      this.#writers.set(partition, writer);
    }
    if (writer.recordCount > 0 && writer.byteLength >= this.#batchBytesMax) this.#close(partition, writer);
    return writer;
  }

  /** Takes all batches, in order within each partition, and leaves nothing behind. */
  take(): ResultBatch[] {
    for (const [partition, writer] of this.#writers) {
      if (writer.recordCount > 0) this.#close(partition, writer);
    }
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #close(partition: number, writer: RecordBatchWriter): void {
    this.#finished.push({ topic: this.#topic.topic, partition, ...writer.finish(this.#compression) });
  }
}
