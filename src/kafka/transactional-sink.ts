// Kafka behind the Sink port, with transactions: the answers of a micro-batch and their offset
// become visible together or not at all. Each partition of the input has a transactional id of its
// own. The owner of the partition takes the id, and with it the right to commit. What is fenced and
// what is not: docs/decisions/0012-transactions.md.

import type { Admin, Kafka, Producer } from 'kafkajs';
import { readCommitMetadata } from '../log/commit-metadata.ts';
import {
  type CommitOffset,
  RefusedRecordsError,
  type ResultBatch,
  type Sink,
  SinkError,
} from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { pause } from '../time/timer.ts';
import type { KafkaSettings } from './client.ts';
import { type BareCluster, clusterOf } from './cluster-of.ts';
import { isConcurrentTransaction, refusalIn, sinkErrorOf } from './errors.ts';
import type { IncarnatePartition } from './hooked-group.ts';
import type { OutgoingBatch } from './outgoing-batch.ts';
import { Parts } from './parts.ts';
import type { OffsetTransactions } from './source.ts';
import type { FetchedOffsets, OffsetFetchArguments } from './stable-offsets.ts';
import { partitionCountOf } from './topic.ts';
import {
  type Attempt,
  isAnswered,
  type Line,
  NOTHING_COMMITTED,
  newLine,
  succeeded,
} from './transaction-line.ts';

const ACKS_ALL = -1;
/** The broker may still be ending the last transaction: the first tries come soon. */
const RETRY = { initialRetryTime: 5, maxRetryTime: 1_000, retries: 8 };
const CONCURRENT_MS = 5;
const CONCURRENT_TRIES = 400;

interface AskedCluster extends BareCluster {
  findGroupCoordinator(of: {
    readonly groupId: string;
  }): Promise<{ offsetFetch(given: OffsetFetchArguments): Promise<FetchedOffsets> }>;
}

export class TransactionalSink implements Sink, OffsetTransactions {
  readonly #kafka: Kafka;
  readonly #settings: KafkaSettings;
  readonly #admin: Admin;
  readonly #cluster: AskedCluster;
  readonly #onOvertaken: (why: string) => void;
  readonly #lines = new Map<string, Line>();
  readonly #parts = new Parts();
  /** How often each batch was put into a request. */
  readonly #writes = new WeakMap<ResultBatch, number>();

  /**
   * `transactional.id` must be set. `onOvertaken` is called when another instance has committed for
   * our partition: it must be read again from the committed offset.
   */
  constructor(kafka: Kafka, settings: KafkaSettings, onOvertaken: (why: string) => void) {
    this.#onOvertaken = onOvertaken;
    this.#kafka = kafka;
    this.#settings = settings;
    this.#admin = kafka.admin();
    this.#cluster = clusterOf<AskedCluster>(kafka);
  }

  async start(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#cluster.connect()]);
  }

  partitionCount(topic: string, patienceMs?: number): Promise<number> {
    const { 'topic.metadata.propagation.max.ms': usualMs } = this.#settings;
    return partitionCountOf(this.#admin, topic, patienceMs ?? usualMs, this.#settings);
  }

  async own(partitions: readonly IncarnatePartition[], kept: readonly TopicPartition[]): Promise<void> {
    const wanted = new Map(partitions.map((partition) => [keyOf(partition), partition.incarnation]));
    const keeps = new Set(kept.map(keyOf));
    // What we know of a topic is not true for a new topic with the same name.
    const left = [...this.#lines].filter(
      ([key, { incarnation }]) => wanted.get(key) !== incarnation || !keeps.has(key),
    );
    for (const [key] of left) this.#lines.delete(key);
    // Their transactions are given up without a wait: it may take long to disconnect.
    for (const [, line] of left) this.#abandon(line);
    await Promise.all(
      partitions.map(async ({ topic, partition, incarnation }) => {
        const key = keyOf({ topic, partition });
        if (this.#lines.has(key)) return;
        const line = newLine({ topic, partition, incarnation });
        try {
          await this.#begin(line);
          line.committed = await this.#readCommitted(line);
        } catch (error) {
          this.#abandon(line);
          throw error;
        }
        this.#lines.set(key, line);
      }),
    );
  }

  async produce(batches: readonly ResultBatch[], answered?: CommitOffset): Promise<readonly ResultBatch[]> {
    if (answered === undefined)
      throw new SinkError('a transaction needs the offset that it commits', { retriable: false });
    await this.#inTurn(answered, (line) => this.#answer(line, batches, answered));
    return batches.filter((batch) => this.#writes.get(batch) === 1);
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    await Promise.all(
      offsets.map((offset) => this.#inTurn(offset, (line) => this.#answer(line, [], offset))),
    );
  }

  async stop(): Promise<void> {
    const disconnected = [...this.#lines.values()].map(({ producer }) => producer?.disconnect());
    await Promise.all([this.#admin.disconnect(), this.#cluster.disconnect(), ...disconnected]);
  }

  /** One transaction at a time for each partition, in the order of the calls. */
  #inTurn(answered: CommitOffset, act: (line: Line) => Promise<void>): Promise<void> {
    const line = this.#lines.get(keyOf(answered));
    const of = readCommitMetadata(answered.metadata ?? null)?.topicId ?? null;
    if (line === undefined || (of !== null && of !== line.incarnation)) return Promise.reject(gone(answered));
    return line.queue.run(() => act(line));
  }

  /**
   * A line that was left must not answer any more: it would take the transactional id away from the
   * owner of now.
   */
  #mustBeOurs(line: Line): void {
    if (this.#lines.get(keyOf(line)) === line) return;
    this.#abandon(line);
    throw gone(line);
  }

  async #answer(line: Line, batches: readonly ResultBatch[], answered: CommitOffset): Promise<void> {
    try {
      this.#mustBeOurs(line);
      if (line.producer === undefined) await this.#recover(line);
      const attempt = { batches, ...answered };
      if (!isAnswered(line, attempt)) await this.#transact(line, attempt);
    } catch (error) {
      if (!(error instanceof SinkError)) this.#abandon(line);
      throw sinkErrorOf(error, keyOf(line));
    }
  }

  async #transact(line: Line, attempt: Attempt): Promise<void> {
    const { batches, topic, partition, next, metadata } = attempt;
    const producer = line.producer as Producer;
    const transaction = await producer.transaction();
    try {
      for (const batch of batches)
        await this.#parts.send(batch, (part) => this.#send(line, transaction, part));
    } catch (error) {
      if (!(error instanceof RefusedRecordsError)) throw error;
      await transaction.abort();
      throw new RefusedRecordsError(
        error.refusals.map((refusal) => ({ ...refusal, appended: 0 })),
        error,
      );
    }
    const offset = { partition, offset: String(next), ...(metadata === undefined ? {} : { metadata }) };
    const topics = [{ topic, partitions: [offset] }];
    const consumerGroupId = this.#settings['group.id'];
    await retryWhileConcurrent(() => transaction.sendOffsets({ consumerGroupId, topics }));
    // From here on the transaction may be committed, even if an error comes back.
    line.attempt = attempt;
    await retryWhileConcurrent(() => transaction.commit());
    succeeded(line, attempt);
  }

  async #send(
    line: Line,
    transaction: Awaited<ReturnType<Producer['transaction']>>,
    batch: ResultBatch,
  ): Promise<void> {
    const { topic, partition, bytes, recordCount } = batch;
    const key = keyOf(batch);
    const baseSequence = line.sequences.get(key) ?? 0;
    line.sequences.set(key, (baseSequence + recordCount) % 2 ** 31);
    const message: OutgoingBatch = {
      value: bytes,
      partition,
      baseSequence,
      onWrite: () => this.#writes.set(batch, (this.#writes.get(batch) ?? 0) + 1),
    };
    try {
      await transaction.send({
        topic,
        acks: ACKS_ALL,
        timeout: this.#settings['request.timeout.ms'],
        // A record batch stands where kafkajs expects a message; the seam writes it as it is.
        messages: [message as unknown as { value: Buffer; partition: number }],
      });
    } catch (error) {
      // A refused batch has used no sequence numbers.
      if (refusalIn(error, recordCount) !== null) line.sequences.set(key, baseSequence);
      throw error;
    }
  }

  /** After a failure the state of the transaction is unknown: its producer is not used again. */
  #abandon(line: Line): void {
    const { producer } = line;
    line.producer = undefined;
    // It may fail to disconnect in order. Nothing waits for it.
    producer?.disconnect().catch(() => {});
  }

  /**
   * Takes the transactional id again, which ends an open transaction. Then finds out whether that
   * transaction was committed.
   */
  async #recover(line: Line): Promise<void> {
    const { committed, attempt } = line;
    await this.#begin(line);
    const now = await this.#readCommitted(line);
    this.#mustBeOurs(line);
    if (now !== committed && now !== attempt?.next) {
      this.#abandon(line);
      this.#lines.delete(keyOf(line));
      const message = `${keyOf(line)}: another has committed ${now} where we had committed ${committed}`;
      this.#onOvertaken(message);
      throw new SinkError(message, { retriable: true });
    }
    line.attempt = undefined;
    if (attempt === undefined || now === committed) return;
    succeeded(line, attempt);
    line.settled = attempt;
  }

  /**
   * Makes a producer that holds the transactional id: the producer that held it before is fenced,
   * and its open transaction is aborted.
   */
  async #begin(line: Line): Promise<void> {
    const prefix = this.#settings['transactional.id'];
    const producer = this.#kafka.producer({
      transactionalId: `${prefix}-${line.topic}-${line.partition}`,
      transactionTimeout: this.#settings['transaction.timeout.ms'],
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => (given) => (given.message as unknown as OutgoingBatch).partition,
      retry: RETRY,
    });
    await producer.connect();
    // The first transaction takes the id; an empty transaction leaves nothing behind.
    await (await producer.transaction()).abort();
    line.producer = producer;
    line.sequences.clear();
  }

  /** The committed offset, after the transactions before have ended (stable-offsets.ts). */
  async #readCommitted({ topic, partition }: TopicPartition): Promise<number> {
    const groupId = this.#settings['group.id'];
    await this.#cluster.addMultipleTargetTopics([topic]);
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
    const asked = { groupId, topics: [{ topic, partitions: [{ partition }] }] };
    const [found] = (await coordinator.offsetFetch(asked)).responses;
    return Number(found?.partitions[0]?.offset ?? NOTHING_COMMITTED);
  }
}

const gone = (partition: TopicPartition): SinkError =>
  new SinkError(`${keyOf(partition)} is another's now`, { retriable: true });

/** Waits for the broker to end the transaction before. */
async function retryWhileConcurrent(step: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await step();
      return;
    } catch (error) {
      if (!isConcurrentTransaction(error) || tries === CONCURRENT_TRIES) throw error;
      await pause(CONCURRENT_MS);
    }
  }
}
