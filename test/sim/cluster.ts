// The simulated cluster: the memory log, what a broker knows of idempotent producers, and the
// consumer group's committed offsets. Whatever is appended or committed goes into the history that
// the checkers read.

import { crc32c } from '@node-rs/crc32';
import { ERROR_OFFSET, ERROR_PARTITION, ERROR_TOPIC_ID } from '../../src/answers/dead-letter.ts';
import { SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC_ID } from '../../src/answers/source-headers.ts';
import type { NextOffset } from '../../src/log/offset.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import type { CommitOffset, ResultBatch } from '../../src/log/ports.ts';
import { AT, type RecordBatchHeader, readHeader } from '../../src/log/record-batch.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import { MemoryBroker, type MemoryPartition } from '../../src/memory/broker.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { type ReadRecord, recordsIn } from '../support/records.ts';
import { type Refused, refusalOf } from './refusals.ts';

export const INPUT = 'in';
export const RESULTS = 'out';
export const DEAD = 'dead';
/** Results with a higher score go there too, in the worlds that have routes. */
export const ROUTED = 'routed';
export const ROUTED_ABOVE = 50;
export const GROUP = 'g';
export const PARTITIONS = 3;

/** Sequence numbers that the broker does not expect. */
export class SequenceError extends Error {
  readonly type = 'OUT_OF_ORDER_SEQUENCE_NUMBER';
}

/** The record of the input that a record of an output answers. */
function sourceOf({ headers }: ReadRecord): {
  offset: number;
  incarnation: string | undefined;
  partition: number;
} {
  const headerOf = (...names: readonly string[]): string | undefined =>
    headers.find(([name]) => names.includes(name))?.[1] ?? undefined;
  return {
    offset: Number(headerOf(SOURCE_OFFSET, ERROR_OFFSET)),
    incarnation: headerOf(SOURCE_TOPIC_ID, ERROR_TOPIC_ID),
    partition: Number(headerOf(SOURCE_PARTITION, ERROR_PARTITION)),
  };
}

/** The partition of the input that a batch of an output answers: all of it is of one lane. */
export function laneOf(bytes: Uint8Array): string {
  const [record] = recordsIn({ header: readHeader(bytes), bytes });
  const { incarnation, partition } = sourceOf(record as ReadRecord);
  return `${incarnation} ${partition}`;
}

export class Cluster {
  readonly history: HistoryEvent[] = [];
  /** Records of the input whose results are refused, by incarnation, partition and offset. */
  readonly refused = new Map<string, Refused>();
  smallTopics = false;
  /** Some results go to another topic too. */
  routes = false;
  /** Results say which of several versions has scored them. */
  hasVersions = false;
  /** Answers of several lanes may go to one partition. */
  lanesShare = false;
  readonly log = new MemoryBroker();
  /** Of every incarnation of the input. */
  readonly inputLogs = new Map<string, readonly MemoryPartition[]>();
  /** Batches that a reader of committed records must not see. */
  readonly #skipped = new WeakSet<RecordBatchHeader>();
  readonly #expected = new Map<string, number>();
  /** Of the input that there is, all partition counts so far. */
  inputCounts: readonly number[] = [PARTITIONS];
  #producers = 0;

  constructor() {
    for (const topic of [INPUT, RESULTS, DEAD]) this.log.createTopic(topic, PARTITIONS);
    this.log.createTopic(ROUTED, PARTITIONS);
    this.inputLogs.set(this.incarnation, this.log.partitions(INPUT));
  }

  inputs(): TopicPartition[] {
    return this.log.partitions(INPUT).map((_, partition) => ({ topic: INPUT, partition }));
  }

  partition(of: TopicPartition): MemoryPartition {
    return this.log.partition(of);
  }

  /** The input as it is named and numbered now, among all that had its name. */
  get incarnation(): string {
    return this.log.incarnation(INPUT) as string;
  }

  /** How many partitions a topic has; none while it is not there. */
  count(topic: string): number {
    return this.log.incarnation(topic) === undefined ? 0 : this.log.partitions(topic).length;
  }

  /** Deletes the input, and makes it again. */
  remakeInput(): void {
    const count = this.count(INPUT);
    this.log.deleteTopic(INPUT);
    this.log.createTopic(INPUT, count);
    this.inputCounts = [count];
    this.inputLogs.set(this.incarnation, this.log.partitions(INPUT));
  }

  growInput(by: number): void {
    this.log.addPartitions(INPUT, by);
    this.inputCounts = [...this.inputCounts, this.count(INPUT)];
  }

  committed(of: TopicPartition): NextOffset | undefined {
    return this.log.committed(GROUP, of);
  }

  commit(offset: CommitOffset, epoch: number): void {
    const { topic, partition, next, metadata } = offset;
    this.log.commit(GROUP, { topic, partition, next, ...(metadata === undefined ? {} : { metadata }) });
    this.history.push({ type: 'committed', epoch, next, topic, partition, incarnation: metadata });
  }

  /**
   * Appends what no reader of committed records sees: of a transaction that was aborted, or the
   * marker that ends one.
   */
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
    if (partition >= this.count(topic))
      throw Object.assign(new Error(`no ${keyOf(batch)}`), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const header = readHeader(batch.bytes);
    if (crc32c(batch.bytes.subarray(AT.attributes, header.byteLength)) !== header.crc) {
      throw Object.assign(new Error('the CRC of the batch is wrong'), { type: 'CORRUPT_MESSAGE' });
    }
    const records = recordsIn({ header, bytes: batch.bytes });
    const sources = records.map(sourceOf);
    const kind = topic === RESULTS ? 'result' : 'deadLetter';
    const isRouted = topic === ROUTED;
    const kinds = sources.map((source) =>
      isRouted ? undefined : this.refused.get(`${source.incarnation} ${source.partition} ${source.offset}`),
    );
    const isSmall = this.smallTopics;
    const refusal = refusalOf({ isResult: kind === 'result', header, records, kinds, isSmall });
    if (refusal !== null) throw refusal;
    const into = { incarnation: this.log.incarnation(topic), partition };
    const stream = `${producerId} ${into.incarnation} ${partition}`;
    const expected = this.#expected.get(stream) ?? 0;
    if (baseSequence < expected) return;
    if (baseSequence > expected) throw new SequenceError(`sequence ${baseSequence}, expected ${expected}`);
    this.#expected.set(stream, baseSequence + header.recordCount);
    this.log.append(batch);
    records.forEach(({ key, value: written }, index) => {
      const source = sources[index] as (typeof sources)[number];
      const home = this.#home(topic, source.partition, key ?? '');
      const { value, version, score } =
        isRouted || kind === 'result' ? this.#result(written) : { value: written };
      const meets = kind === 'result' && (score as number) > ROUTED_ABOVE;
      const there = { ...into, home, sender: this.lanesShare ? producerId : undefined };
      if (isRouted) {
        this.history.push({
          type: 'routed',
          epoch,
          value: value ?? '',
          topic: INPUT,
          ...source,
          into: there,
        });
        return;
      }
      this.history.push({
        type: 'appended',
        epoch,
        kind,
        value: value ?? '',
        ...(version === undefined ? {} : { version }),
        ...(this.routes && meets ? { meets } : {}),
        topic: INPUT,
        ...source,
        into: there,
      });
    });
  }

  /** A result; where there are several versions, what it says without that. */
  #result(written: string | null) {
    const { version, ...rest } = JSON.parse(written ?? '') as { version: string; score: number };
    return this.hasVersions
      ? { value: JSON.stringify(rest), version, score: rest.score }
      : { value: written, score: rest.score };
  }

  /** The partition where the answer to a record belongs, by the counts of now. */
  #home(topic: string, inputPartition: number, key: string): number {
    const count = this.count(topic);
    return count === this.count(INPUT) ? inputPartition : partitionOfKey(Buffer.from(key), count);
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
