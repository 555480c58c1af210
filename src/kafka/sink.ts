// Kafka behind the Sink port: acks=all, idempotent, one request in flight for each output partition. Sequence numbers are
// counted here, in records, and stay with a batch for as long as its producer lives: sent again it is not appended again.

import type { Admin, Kafka, Producer } from 'kafkajs';
import { MissingTopicError, type ResultBatch, type Sink, SinkError } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { KafkaSettings } from './client.ts';
import { isPermanent, isSequenceError, isUnknownTopic } from './errors.ts';
import type { OutgoingBatch } from './seam.ts';

const ACKS_ALL = -1;
/** Sequence numbers are 31 bits and wrap to 0. */
const SEQUENCE_MODULUS = 2 ** 31;
/** kafkajs tries a request so often, by itself, before it reports; after that the engine decides when to try again. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };

/** How often a topic that the broker does not know is asked for. */
const ASK_AGAIN_MS = 250;

/** One producer id and the sequence numbers used under it. */
interface Identity {
  readonly producer: Producer;
  readonly nextSequence: Map<string, number>;
}

interface Sending {
  identity: Identity;
  baseSequence: number;
  acknowledged: boolean;
  /** How often it was put into a request, under any identity. */
  writes: number;
}

export class KafkaSink implements Sink {
  readonly #kafka: Kafka;
  readonly #settings: KafkaSettings;
  readonly #admin: Admin;
  readonly #queues = new Map<string, Promise<void>>();
  readonly #sendings = new WeakMap<ResultBatch, Sending>();
  #identity: Identity | undefined;
  #renewing: Promise<void> | undefined;
  readonly #retired: Producer[] = [];

  constructor(kafka: Kafka, settings: KafkaSettings) {
    this.#kafka = kafka;
    this.#settings = settings;
    this.#admin = kafka.admin({ retry: RETRY });
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    this.#identity = await this.#newIdentity();
  }

  async partitionCount(topic: string): Promise<number> {
    const patienceMs = this.#settings['topic.metadata.propagation.max.ms'];
    const startedMs = performance.now();
    for (;;) {
      try {
        const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      } catch (error) {
        if (!isUnknownTopic(error)) throw error;
        if (performance.now() - startedMs >= patienceMs)
          throw new MissingTopicError(`topic "${topic}" does not exist`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      }
    }
  }

  /** A batch that was written to a socket more than once may still stand in the queue of the first: it is not given back. */
  async produce(batches: readonly ResultBatch[]): Promise<readonly ResultBatch[]> {
    const results = await Promise.allSettled(
      [...Map.groupBy(batches, keyOf)].map(([key, own]) => this.#inTurn(key, () => this.#sendAll(key, own))),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return batches.filter((batch) => this.#sendings.get(batch)?.writes === 1);
  }

  async stop(): Promise<void> {
    const producers = [...this.#retired, ...(this.#identity === undefined ? [] : [this.#identity.producer])];
    await Promise.all([this.#admin.disconnect(), ...producers.map((producer) => producer.disconnect())]);
  }

  /** Runs `send` after all that was asked for the same partition before, whatever came of it. */
  #inTurn(key: string, send: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(key) ?? Promise.resolve();
    const turn = before.then(send, send);
    const settled = turn.catch(() => {});
    this.#queues.set(key, settled);
    void settled.then(() => {
      if (this.#queues.get(key) === settled) this.#queues.delete(key);
    });
    return turn;
  }

  async #sendAll(key: string, batches: readonly ResultBatch[]): Promise<void> {
    for (const batch of batches) {
      const sending = this.#sendings.get(batch);
      if (sending?.acknowledged !== true) await this.#send(key, batch, sending);
    }
  }

  async #send(key: string, batch: ResultBatch, before: Sending | undefined): Promise<void> {
    await this.#renewing;
    const identity = this.#identity;
    if (identity === undefined) throw new SinkError('the sink is not started', { retriable: true });
    const sending =
      before?.identity === identity ? before : this.#numbered(identity, key, batch, before?.writes);
    this.#sendings.set(batch, sending);
    const { topic, partition, bytes } = batch;
    const message: OutgoingBatch = {
      value: bytes,
      partition,
      baseSequence: sending.baseSequence,
      onWrite: () => sending.writes++,
    };
    try {
      await identity.producer.send({
        topic,
        acks: ACKS_ALL,
        timeout: this.#settings['request.timeout.ms'],
        // A record batch stands where kafkajs expects a message; the seam writes it as it is.
        messages: [message as unknown as { value: Buffer; partition: number }],
      });
    } catch (error) {
      if (isSequenceError(error)) await this.#renew(identity);
      const { message: words } = error as Error;
      throw new SinkError(`${key}: ${words}`, { retriable: !isPermanent(error), cause: error });
    }
    sending.acknowledged = true;
  }

  #numbered(identity: Identity, key: string, { recordCount }: ResultBatch, writes = 0): Sending {
    const baseSequence = identity.nextSequence.get(key) ?? 0;
    identity.nextSequence.set(key, (baseSequence + recordCount) % SEQUENCE_MODULUS);
    return { identity, baseSequence, acknowledged: false, writes };
  }

  /**
   * A new producer id: the broker does not know the old one any more, or a batch that was given up has left a gap in its
   * sequence. What is in flight under the old one is left to end.
   */
  #renew(broken: Identity): Promise<void> {
    if (this.#identity !== broken) return Promise.resolve();
    this.#renewing ??= this.#newIdentity()
      .then((identity) => {
        this.#retired.push(broken.producer);
        this.#identity = identity;
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  async #newIdentity(): Promise<Identity> {
    const producer = this.#kafka.producer({
      idempotent: this.#settings['enable.idempotence'],
      allowAutoTopicCreation: false,
      createPartitioner: () => (given) => (given.message as unknown as OutgoingBatch).partition,
      retry: RETRY,
    });
    await producer.connect();
    return { producer, nextSequence: new Map() };
  }
}
