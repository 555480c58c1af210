// Kafka behind the Sink port: acks=all, idempotent, one request in flight for each output
// partition. Sequence numbers are counted here, in records. A batch keeps its numbers while its
// producer lives: if it is sent again, it is not appended again.

import type { Admin, Kafka, Producer } from 'kafkajs';
import { SerialQueue } from '../base/serial-queue.ts';
import { RefusedRecordsError, type ResultBatch, type Sink, SinkError } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { KafkaSettings } from './client.ts';
import { isSequenceError, refusalIn, sinkErrorOf } from './errors.ts';
import { Gatherer } from './gatherer.ts';
import type { OutgoingBatch } from './outgoing-batch.ts';
import { Parts } from './parts.ts';
import { partitionCountOf } from './topic.ts';

const ACKS_ALL = -1;
/** Sequence numbers are 31 bits and wrap to 0. */
const SEQUENCE_MODULUS = 2 ** 31;
/**
 * kafkajs tries a request so often by itself before it reports an error. After that the engine
 * decides when to try again.
 */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };

/** One producer id. A later producer id has a higher number. */
interface Identity {
  readonly producer: Producer;
  readonly gatherer: Gatherer;
  readonly number: number;
}

/** The sequence numbers of one partition, with the producer id that it uses now. */
interface Stream {
  identity: Identity;
  nextSequence: number;
}

interface Sending {
  identity: Identity;
  baseSequence: number;
  acknowledged: boolean;
  /** The broker has refused the batch: its sequence numbers are free again. */
  refused: boolean;
  /** How often the batch was put into a request, with any producer id. */
  writes: number;
}

export class KafkaSink implements Sink {
  readonly #kafka: Kafka;
  readonly #settings: KafkaSettings;
  readonly #admin: Admin;
  readonly #queues = new Map<string, SerialQueue>();
  readonly #parts = new Parts();
  readonly #sendings = new WeakMap<ResultBatch, Sending>();
  readonly #streams = new Map<string, Stream>();
  /** The producer ids in use; new partitions get the newest. */
  #identities: Identity[] = [];
  #numbers = 0;
  #creating: Promise<Identity> | undefined;

  constructor(kafka: Kafka, settings: KafkaSettings) {
    this.#kafka = kafka;
    this.#settings = settings;
    this.#admin = kafka.admin({ retry: RETRY });
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    await this.#newIdentity();
  }

  partitionCount(topic: string, patienceMs?: number): Promise<number> {
    const { 'topic.metadata.propagation.max.ms': usualMs } = this.#settings;
    return partitionCountOf(this.#admin, topic, patienceMs ?? usualMs, this.#settings);
  }

  /**
   * Returns the batches whose buffers are free. A batch that was written to a socket more than once
   * is not returned: the first socket may still hold it.
   */
  async produce(batches: readonly ResultBatch[]): Promise<readonly ResultBatch[]> {
    // Dead letters wait for the results of their micro-batch: refused results become more dead
    // letters.
    for (const ofTopic of Map.groupBy(batches, ({ topic }) => topic).values()) {
      const results = await Promise.allSettled(
        [...Map.groupBy(ofTopic, keyOf)].map(([key, own]) =>
          this.#inTurn(key, () => this.#sendAll(key, own)),
        ),
      );
      throwIfRejected(results);
    }
    return batches.filter((batch) => this.#sendings.get(batch)?.writes === 1);
  }

  async stop(): Promise<void> {
    const disconnected = this.#identities.map(({ producer }) => producer.disconnect());
    await Promise.all([this.#admin.disconnect(), ...disconnected]);
  }

  /** Runs `send` after all earlier calls for the same partition, even if they failed. */
  #inTurn(key: string, send: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(key) ?? new SerialQueue();
    this.#queues.set(key, queue);
    return queue.run(send);
  }

  async #sendAll(key: string, batches: readonly ResultBatch[]): Promise<void> {
    for (const batch of batches) await this.#parts.send(batch, (part) => this.#sendOnce(key, part));
  }

  async #sendOnce(key: string, batch: ResultBatch): Promise<void> {
    const before = this.#sendings.get(batch);
    if (before?.acknowledged === true) return;
    const stream = this.#streamOf(key);
    const { identity } = stream;
    const isKnown = before?.identity === identity && !before.refused;
    const sending = isKnown ? before : numbered(stream, batch, before?.writes);
    this.#sendings.set(batch, sending);
    try {
      await this.#send(identity, batch, sending);
    } catch (error) {
      if (isSequenceError(error)) await this.#renew(stream);
      if (refusalIn(error, batch.recordCount) === null) throw sinkErrorOf(error, key);
      sending.refused = true;
      // The next batch takes its numbers. That is not possible if another copy of this batch may
      // still be on its way, or if a batch of another lane, which waits to be sent again, has the
      // numbers that follow: the broker would think that it already has the next batch.
      const isLast = stream.nextSequence === sequenceAfter(sending, batch);
      if (sending.writes === 1 && isLast) stream.nextSequence = sending.baseSequence;
      else await this.#renew(stream);
      throw error;
    }
    sending.acknowledged = true;
  }

  /**
   * Sends it together with what others send in this moment. If that brings no answer that is final,
   * it is sent alone, with the same sequence number: whatever is wrong with others, or with their
   * brokers, is no matter then.
   */
  async #send({ producer, gatherer }: Identity, batch: ResultBatch, sending: Sending): Promise<void> {
    const { topic, partition, bytes, recordCount } = batch;
    const message: OutgoingBatch = {
      value: bytes,
      partition,
      baseSequence: sending.baseSequence,
      onWrite: () => sending.writes++,
    };
    const outcome = await gatherer.send(topic, message);
    if (outcome === 'acknowledged') return;
    if (isSequenceError(outcome) || refusalIn(outcome, recordCount) !== null) throw outcome;
    await producer.send({
      topic,
      acks: ACKS_ALL,
      timeout: this.#settings['request.timeout.ms'],
      // A record batch stands where kafkajs expects a message; the seam writes it as it is.
      messages: [message as unknown as { value: Buffer; partition: number }],
    });
  }

  #streamOf(key: string): Stream {
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const identity = this.#identities.at(-1);
      if (identity === undefined) throw new SinkError('the sink is not started', { retriable: true });
      stream = { identity, nextSequence: 0 };
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /**
   * Gives one partition a newer producer id: the broker does not know the old id any more, or a
   * batch that was given up has left a gap in the sequence. Other partitions keep their ids,
   * because the broker knows the batches that they may have to send again by them.
   */
  async #renew(stream: Stream): Promise<void> {
    const newest = this.#identities.at(-1);
    const isUnused = newest !== undefined && newest.number > stream.identity.number;
    stream.identity = isUnused ? newest : await this.#newIdentity();
    stream.nextSequence = 0;
    const used = new Set([...this.#streams.values()].map(({ identity }) => identity));
    const isNeeded = (each: Identity): boolean => used.has(each) || each === this.#identities.at(-1);
    const left = this.#identities.filter((each) => !isNeeded(each));
    this.#identities = this.#identities.filter(isNeeded);
    await Promise.all(left.map(({ producer }) => producer.disconnect()));
  }

  /** Partitions that need a new id at the same time share it. */
  #newIdentity(): Promise<Identity> {
    this.#creating ??= this.#connectProducer()
      .then((producer) => {
        const timeout = this.#settings['request.timeout.ms'];
        const gatherer = new Gatherer(producer, { acks: ACKS_ALL, timeout });
        const identity = { producer, gatherer, number: this.#numbers++ };
        this.#identities.push(identity);
        return identity;
      })
      .finally(() => {
        this.#creating = undefined;
      });
    return this.#creating;
  }

  async #connectProducer(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: this.#settings['enable.idempotence'],
      allowAutoTopicCreation: false,
      createPartitioner: () => (given) => (given.message as unknown as OutgoingBatch).partition,
      retry: RETRY,
    });
    await producer.connect();
    return producer;
  }
}

function numbered(stream: Stream, batch: ResultBatch, writes = 0): Sending {
  const { identity, nextSequence: baseSequence } = stream;
  const sending = { identity, baseSequence, acknowledged: false, refused: false, writes };
  stream.nextSequence = sequenceAfter(sending, batch);
  return sending;
}

const sequenceAfter = ({ baseSequence }: Sending, { recordCount }: ResultBatch): number =>
  (baseSequence + recordCount) % SEQUENCE_MODULUS;

/** All refusals come first: when they are mended, the rest is tried again. */
function throwIfRejected(results: readonly PromiseSettledResult<void>[]): void {
  const errors: unknown[] = results.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const refused = errors.filter((error) => error instanceof RefusedRecordsError);
  if (refused.length > 0) throw new RefusedRecordsError(refused.flatMap(({ refusals }) => refusals));
  if (errors.length > 0) throw errors[0];
}
