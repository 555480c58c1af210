// The simulated cluster: the memory log, what a broker knows of idempotent producers, and the consumer group's committed
// offsets. Whatever is appended or committed goes into the history that the checkers read.

import { crc32c } from '@node-rs/crc32';
import type { NextOffset } from '../../src/log/offset.ts';
import type { CommitOffset, ResultBatch } from '../../src/log/ports.ts';
import { AT, type RecordBatchHeader, readHeader } from '../../src/log/record-batch.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import { MemoryBroker, type MemoryPartition } from '../../src/memory/broker.ts';
import { ERROR_OFFSET, ERROR_TOPIC_ID } from '../../src/scoring/dead-letter.ts';
import { SOURCE_OFFSET, SOURCE_TOPIC_ID } from '../../src/scoring/source-headers.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { type ReadRecord, recordsIn } from '../support/records.ts';
import { type Refused, refusalOf } from './refusals.ts';

export const INPUT = 'in';
export const RESULTS = 'out';
export const DEAD = 'dead';
export const GROUP = 'g';
export const PARTITIONS = 3;

/** Sequence numbers that the broker does not expect. */
export class SequenceError extends Error {
  readonly type = 'OUT_OF_ORDER_SEQUENCE_NUMBER';
}

export class Cluster {
  readonly history: HistoryEvent[] = [];
  /** Records of the input whose results are refused, by incarnation, partition and offset. */
  readonly refused = new Map<string, Refused>();
  smallTopics = false;
  readonly log = new MemoryBroker();
  /** Of every incarnation of the input. */
  readonly inputLogs = new Map<string, readonly MemoryPartition[]>();
  /** Batches that a reader of committed records must not see. */
  readonly #skipped = new WeakSet<RecordBatchHeader>();
  readonly #expected = new Map<string, number>();
  #producers = 0;

  constructor() {
    for (const topic of [INPUT, RESULTS, DEAD]) this.log.createTopic(topic, PARTITIONS);
    this.inputLogs.set(this.incarnation, this.log.partitions(INPUT));
  }

  inputs(): TopicPartition[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: INPUT, partition }));
  }

  partition(of: TopicPartition): MemoryPartition {
    return this.log.partition(of);
  }

  /** The input as it is named and numbered now, among all that had its name. */
  get incarnation(): string {
    return this.log.incarnation(INPUT) as string;
  }

  /** Deletes the input, and makes it again. */
  remakeInput(): void {
    this.log.deleteTopic(INPUT);
    this.log.createTopic(INPUT, PARTITIONS);
    this.inputLogs.set(this.incarnation, this.log.partitions(INPUT));
  }

  committed(of: TopicPartition): NextOffset | undefined {
    return this.log.committed(GROUP, of);
  }

  commit(offset: CommitOffset, epoch: number): void {
    const { topic, partition, next, metadata } = offset;
    this.log.commit(GROUP, { topic, partition, next, ...(metadata === undefined ? {} : { metadata }) });
    this.history.push({ type: 'committed', epoch, next, topic, partition, incarnation: metadata });
  }

  /** Appends what no reader of committed records sees: of a transaction that was aborted, or the marker that ends one. */
  appendSkipped(batch: ResultBatch): void {
    this.log.append(batch);
    const last = this.partition(batch).batches.at(-1);
    if (last !== undefined) this.#skipped.add(last.header);
  }

  isSkipped(header: RecordBatchHeader): boolean {
    return this.#skipped.has(header);
  }

  newProducerId(): number {
    return this.#producers++;
  }

  /** Appends as a leader does: once for each sequence number, and only in their order. */
  append(producerId: number, baseSequence: number, batch: ResultBatch, epoch: number): void {
    const { partition, topic } = batch;
    const header = readHeader(batch.bytes);
    if (crc32c(batch.bytes.subarray(AT.attributes, header.byteLength)) !== header.crc) {
      throw Object.assign(new Error('the CRC of the batch is wrong'), { type: 'CORRUPT_MESSAGE' });
    }
    const records = recordsIn({ header, bytes: batch.bytes });
    const offsets = records.map(({ headers }) =>
      Number(headers.find(([key]) => key === SOURCE_OFFSET || key === ERROR_OFFSET)?.[1]),
    );
    const incarnations = records.map(
      ({ headers }) => headers.find(([key]) => key === SOURCE_TOPIC_ID || key === ERROR_TOPIC_ID)?.[1],
    );
    const kind = topic === RESULTS ? 'result' : 'deadLetter';
    const kinds = offsets.map((offset, index) =>
      this.refused.get(`${incarnations[index]} ${partition} ${offset}`),
    );
    const isSmall = this.smallTopics;
    const refusal = refusalOf({ isResult: kind === 'result', header, records, kinds, isSmall });
    if (refusal !== null) throw refusal;
    const stream = `${producerId} ${keyOf(batch)}`;
    const expected = this.#expected.get(stream) ?? 0;
    if (baseSequence < expected) return;
    if (baseSequence > expected) throw new SequenceError(`sequence ${baseSequence}, expected ${expected}`);
    this.#expected.set(stream, baseSequence + header.recordCount);
    this.log.append(batch);
    records.forEach(({ value }, index) => {
      const offset = offsets[index] as number;
      const incarnation = incarnations[index];
      this.history.push({
        type: 'appended',
        epoch,
        offset,
        kind,
        value: value ?? '',
        topic: INPUT,
        partition,
        incarnation: incarnation ?? undefined,
      });
    });
  }

  /** Deletes the oldest batches, as retention does. Returns what went, uncommitted or not. */
  deleteOldest(of: TopicPartition, count: number): void {
    this.partition(of).batches.splice(0, count);
  }

  /** All records that a reader of a log sees. */
  records(log: MemoryPartition): ReadRecord[] {
    const seen = log.batches.filter(({ header }) => !this.isSkipped(header));
    return seen.flatMap((batch) => recordsIn(batch));
  }

  logEnd(of: TopicPartition): NextOffset {
    return this.partition(of).logEnd;
  }
}
