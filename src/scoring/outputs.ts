// Collects the output records of one task into record batches, and knows the partition that each goes to.

import type { CompressionType } from '../log/compression.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import type { ResultBatch } from '../log/ports.ts';
import type { Buffers, RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { OutputTopic } from './messages.ts';

export class Outputs {
  readonly #topic: OutputTopic;
  readonly #copartitioned: boolean;
  readonly #writers: PartitionWriters;

  constructor(
    topic: OutputTopic,
    inputPartitionCount: number,
    batchBytesMax: number,
    compression: CompressionType,
    buffers: Buffers,
  ) {
    this.#topic = topic;
    this.#copartitioned = topic.partitionCount === inputPartitionCount;
    this.#writers = new PartitionWriters(topic.topic, batchBytesMax, compression, buffers);
  }

  /**
   * The writer for a record that came from `inputPartition` with that key (start -1: none), and has `restBytes` besides it: the
   * input's own partition where the counts agree, else the one that Kafka's Java client would choose for the key.
   */
  writerFor(
    inputPartition: number,
    keySource: Uint8Array,
    keyStart: number,
    keyEnd: number,
    restBytes: number,
  ): RecordBatchWriter {
    const { partitionCount } = this.#topic;
    let partition = inputPartition % partitionCount;
    if (!this.#copartitioned && keyStart >= 0)
      partition = partitionOfKey(keySource, partitionCount, keyStart, keyEnd);
    return this.#writers.writerFor(partition, keyEnd - keyStart + restBytes);
  }

  /** Takes all batches, in order within each partition, and leaves nothing behind. */
  take(): ResultBatch[] {
    return this.#writers.take();
  }
}
