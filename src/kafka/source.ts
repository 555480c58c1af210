// Kafka behind the Source port: one member of a consumer group. kafkajs fetches. This file decides
// which partitions are ours, since when, and what may be committed, and tells it in the order that
// the port promises.

import type { Consumer, Kafka } from 'kafkajs';
import { type NextOffset, startingAt } from '../log/offset.ts';
import {
  type AssignedPartition,
  type CommitOffset,
  FencedError,
  type LogEnd,
  type OutOfRange,
  type Source,
  type SourceListener,
} from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { pause } from '../time/timer.ts';
import { createAssigner } from './assigner.ts';
import type { KafkaSettings } from './client.ts';
import { consumerOf, fencedNow, left, waitsOf } from './consumer.ts';
import { ConsumerCrashedError, isFenced, isLost, OffsetOutOfRangeError } from './errors.ts';
import type { FetchWaits } from './fetch-waits.ts';
import type { IncarnatePartition, MemberHooks } from './hooked-group.ts';
import type { ConsumerGroup } from './kafkajs-group.ts';
import { resumedAfter } from './out-of-range.ts';
import { Questions } from './questions.ts';
import { refusalOf } from './refusal.ts';
import { Rest } from './rest.ts';
import { Unanswered } from './unanswered.ts';

export interface KafkaSourceOptions {
  readonly topic: string;
  readonly settings: KafkaSettings;
  /** What to do when the log no longer holds the committed offset. */
  readonly onOutOfRange: 'fail' | 'continue';
  /** Where offsets are committed, if not through the group. */
  readonly transactions?: OffsetTransactions;
}

/** Commits offsets together with results. */
export interface OffsetTransactions {
  /**
   * These partitions are ours now. When this has resolved, their earlier owners cannot commit for
   * them any more. Those in `kept` were ours all the time. But if their incarnation has changed,
   * they count as new.
   */
  own(partitions: readonly IncarnatePartition[], kept: readonly TopicPartition[]): Promise<void>;
  /** For records that need no result: control batches, records that were left out. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
}

/** Between two tries to join again. */
const REJOIN_AGAIN_MS = 1_000;

export class KafkaSource implements Source {
  readonly #options: KafkaSourceOptions;
  readonly #kafka: Kafka;
  readonly #questions: Questions;
  readonly #rest = new Rest();
  readonly #unanswered = new Unanswered();
  readonly #waits: FetchWaits;
  /** There is a new consumer after each `rejoin`; events of older consumers are ignored. */
  #consumer: Consumer | undefined;
  /** Consumers made so far. */
  #consumers = 0;
  #rejoining: Promise<void> | undefined;
  #listener: SourceListener | undefined;
  #group: ConsumerGroup | undefined;
  #owned: readonly TopicPartition[] = [];
  /** The position of each partition when it was assigned. */
  #assignedAt = new Map<string, NextOffset>();
  /**
   * The ids of the topics at their last assignment. They are kept when partitions are lost, so that
   * a topic that was made again is noticed.
   */
  readonly #topicIds = new Map<string, string>();
  readonly #stopped = Promise.withResolvers<void>();
  /**
   * False from the beginning of a rejoin until the new assignment is known: in between no partition
   * is ours to commit for.
   */
  #mayCommit = false;
  /** The group went on without us while lanes were settling. */
  #lostWhileSettling = false;

  constructor(kafka: Kafka, options: KafkaSourceOptions) {
    this.#kafka = kafka;
    this.#options = options;
    this.#questions = new Questions(kafka.admin());
    this.#waits = waitsOf(options.settings);
  }

  /** Those of the consumer with that number. They do nothing when it was given up. */
  #hooksOf(number: number): MemberHooks {
    const isCurrent = (): boolean => number === this.#consumers;
    return {
      instanceId: this.#options.settings['group.instance.id'],
      joining: async (group) => (isCurrent() ? this.#joining(group) : undefined),
      joined: (group, consecutive) => isCurrent() && this.#joined(group, consecutive),
      topicIdBefore: (topic) => this.#topicIds.get(topic) ?? null,
      assigning: async (partitions) =>
        isCurrent() ? this.#options.transactions?.own(partitions, this.#owned) : undefined,
      assigned: (partitions) => isCurrent() && this.#assigned(partitions),
      rested: () => (isCurrent() ? this.#rest.over : undefined),
      waits: this.#waits,
      unanswered: this.#unanswered,
      fetched: (...fetched) => isCurrent() && this.#listener?.fetched(...fetched),
      outOfRange: (event, group) => (isCurrent() ? this.#outOfRange(event, group) : null),
    };
  }

  get #reads() {
    return { topic: this.#options.topic, operation: 'Read' } as const;
  }

  #newConsumer(): Consumer {
    const claim = () => ({ generation: this.#group?.generationId ?? -1, owned: this.#owned });
    const assigner = createAssigner(this.#hooksOf(++this.#consumers), claim);
    return consumerOf(this.#kafka, this.#options.settings, assigner);
  }

  async start(listener: SourceListener): Promise<void> {
    this.#listener = listener;
    await this.#questions.begin();
    await this.#join();
  }

  logEnds(): Promise<readonly LogEnd[]> {
    return this.#questions.logEnds(this.#options.topic);
  }

  offsetAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    return this.#questions.offsetAt(partition, timestampMs);
  }

  unanswered(): string | null {
    return this.#unanswered.inWords;
  }

  /** Several callers at the same time share one rejoin. */
  rejoin(): Promise<void> {
    this.#rejoining ??= this.#beginAnew().finally(() => {
      this.#rejoining = undefined;
    });
    return this.#rejoining;
  }

  async #beginAnew(): Promise<void> {
    this.#lose();
    // It must not throw out who has taken its name. Partitions may come while it asks.
    const fenced = await fencedNow(this.#group, this.#options.settings);
    this.#lose();
    // The consumer does not work as it should: perhaps it does not end, or ends with an error. Its
    // session ends in any case.
    await left(this.#giveUp());
    if (fenced !== undefined) return this.#listener?.failed(fenced);
    while (this.#listener !== undefined) {
      try {
        return await this.#join();
      } catch (error) {
        await left(this.#giveUp());
        const refusal = refusalOf(error, this.#options.settings, this.#reads);
        if (refusal !== undefined) return this.#listener?.failed(refusal);
        this.#kafka.logger().warn(`joining failed, trying again: ${(error as Error).message}`);
      }
      await Promise.race([pause(REJOIN_AGAIN_MS), this.#stopped.promise]);
    }
  }

  /** From here on the events and hooks of the consumer are ignored. */
  #giveUp(): Consumer | undefined {
    const consumer = this.#consumer;
    this.#group = undefined;
    this.#consumer = undefined;
    this.#consumers++;
    // What ends must not wait for it.
    this.#rest.begin(0);
    this.#waits.wake();
    this.#unanswered.clear();
    return consumer;
  }

  /** Joins the group, unless the source was stopped meanwhile. */
  async #join(): Promise<void> {
    const { topic, settings } = this.#options;
    const listener = this.#listener;
    if (listener === undefined) return;
    const consumer = this.#newConsumer();
    this.#consumer = consumer;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (consumer !== this.#consumer) return;
      this.#lose();
      if (payload.restart) return;
      const { error } = payload;
      listener.failed(
        refusalOf(error, settings, this.#reads) ??
          new ConsumerCrashedError(`the consumer cannot go on: ${error.message}`, { cause: error }),
      );
    });
    await consumer.connect();
    if (consumer !== this.#consumer) return consumer.disconnect();
    await consumer.subscribe({
      topics: [topic],
      fromBeginning: settings['auto.offset.reset'] === 'earliest',
    });
    await consumer.run({
      autoCommit: false,
      // It is never called: the group member hands over what it has fetched.
      eachBatch: async () => {},
    });
    // The consumer was given up while it joined: kafkajs's stop does nothing before the join is
    // done.
    if (consumer !== this.#consumer) await consumer.disconnect();
  }

  pause({ topic, partition }: TopicPartition): void {
    this.#group?.pause([{ topic, partitions: [partition] }]);
  }

  resume({ topic, partition }: TopicPartition): void {
    this.#group?.resume([{ topic, partitions: [partition] }]);
    this.#waits.wake();
  }

  rest(ms: number): void {
    this.#rest.begin(ms);
  }

  seek({ topic, partition }: TopicPartition, position: NextOffset): void {
    this.#group?.seek({ topic, partition, offset: String(position) });
    this.#waits.wake();
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    // The offset manager belongs to one generation: a commit through it can never count for a later
    // generation. A commit through kafkajs's consumer could.
    const manager = this.#group?.offsetManager;
    if (!this.#mayCommit || manager === null || manager === undefined) {
      throw new FencedError('the group is rebalancing');
    }
    const { transactions } = this.#options;
    if (transactions !== undefined) return transactions.commit(offsets);
    const partitions = offsets.map(({ partition, next, metadata = null }) => ({
      partition,
      offset: String(next),
      metadata,
    }));
    try {
      await manager.commitOffsets({ topics: [{ topic: this.#options.topic, partitions }] });
    } catch (error) {
      if (isLost(error) && manager === this.#group?.offsetManager) this.#lose();
      if (isFenced(error)) throw new FencedError((error as Error).message, { cause: error });
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#owned = [];
    this.#mayCommit = false;
    this.#listener = undefined;
    this.#stopped.resolve();
    const consumer = this.#giveUp();
    await Promise.all([consumer?.disconnect(), this.#questions.end()]);
  }

  /** All our partitions are gone, and nobody has asked us first. */
  #lose(): void {
    const lost = this.#owned;
    this.#owned = [];
    this.#mayCommit = false;
    this.#lostWhileSettling = true;
    for (const partition of lost) this.resume(partition);
    if (lost.length > 0) this.#listener?.lost(lost);
  }

  async #joining(group: ConsumerGroup): Promise<void> {
    this.#rest.begin(0);
    const isSameMember = group === this.#group && group.memberId !== null;
    if (!isSameMember) this.#lose();
    this.#group = group;
    this.#lostWhileSettling = false;
    if (this.#owned.length > 0) await this.#listener?.revoking(this.#owned);
    this.#mayCommit = false;
  }

  #joined(group: ConsumerGroup, consecutive: boolean): void {
    this.#group = group;
    // Without us there was a generation in which another member may have had our partitions.
    if (!consecutive || this.#lostWhileSettling) this.#lose();
  }

  #assigned(partitions: readonly AssignedPartition[]): void {
    const now = new Set(partitions.map(keyOf));
    const gone = this.#owned.filter((partition) => !now.has(keyOf(partition)));
    // kafkajs remembers a pause even after its assignment is over.
    for (const partition of gone) this.resume(partition);
    this.#owned = partitions.map(({ topic, partition }) => ({ topic, partition }));
    this.#assignedAt = new Map(partitions.map((each) => [keyOf(each), each.position]));
    for (const { topic, incarnation } of partitions)
      if (incarnation !== undefined) this.#topicIds.set(topic, incarnation);
    if (gone.length > 0) this.#listener?.revoked(gone);
    this.#mayCommit = true;
    this.#listener?.assigned(partitions);
  }

  #outOfRange(event: Omit<OutOfRange, 'resumedAt'>, group: ConsumerGroup): NextOffset | null {
    if (group !== this.#group) return null;
    const { onOutOfRange, settings } = this.#options;
    const assignedAt = this.#assignedAt.get(keyOf(event)) ?? startingAt(0);
    const resumedAt = resumedAfter(event, assignedAt, onOutOfRange, settings['auto.offset.reset']);
    if (resumedAt instanceof OffsetOutOfRangeError) {
      this.#listener?.failed(resumedAt);
      return null;
    }
    this.#listener?.outOfRange({ ...event, resumedAt });
    return resumedAt;
  }
}
