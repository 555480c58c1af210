// Collects the output records of one task into record batches, and knows the partition that each
// goes to.

import type { CompressionType } from '../../log/compression.ts';
import { PartitionWriters } from '../../log/partition-writers.ts';
import { partitionOfKey } from '../../log/partitioner.ts';
import type { ResultBatch } from '../../log/ports.ts';
import type { Buffers, RecordBatchWriter } from '../../log/record-batch-writer.ts';

export class Outputs {
  readonly #writers: PartitionWriters;
  #partitionCount = 1;
  #copartitioned = false;

  constructor(topic: string, batchBytesMax: number, compression: CompressionType, buffers: Buffers) {
    this.#writers = new PartitionWriters(topic, batchBytesMax, compression, buffers);
  }

  /** Before each task: how many partitions the topic has now, and how many the input. */
  spreadOver(partitionCount: number, inputPartitionCount: number): void {
    this.#partitionCount = partitionCount;
    this.#copartitioned = partitionCount === inputPartitionCount;
  }

  /**
   * The writer for a record that came from `inputPartition` with that key (start -1: none), and has
   * `restBytes` besides it: the input's own partition where the counts agree, else the one that
   * Kafka's Java client would choose for the key.
   */
  writerFor(
    inputPartition: number,
    keySource: Uint8Array,
    keyStart: number,
    keyEnd: number,
    restBytes: number,
  ): RecordBatchWriter {
    let partition = inputPartition % this.#partitionCount;
    if (!this.#copartitioned && keyStart >= 0)
      partition = partitionOfKey(keySource, this.#partitionCount, keyStart, keyEnd);
    return this.#writers.writerFor(partition, keyEnd - keyStart + restBytes);
  }

  /** Returns all batches, in order within each partition. Nothing is left then. */
  flush(): ResultBatch[] {
    return this.#writers.flush();
  }
}
