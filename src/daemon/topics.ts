// Shared by the commands that look at topics: an admin client, and sources with groups of their
// own, which are deleted at the end.

import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import type { AnswerTopics, Topic } from '../audit/answers.ts';
import type { Config } from '../config/schema.ts';
import { createKafka } from '../kafka/client.ts';
import { type CommittedPosition, commitPositions } from '../kafka/commit.ts';
import { isUnstableOffset } from '../kafka/errors.ts';
import { rightsToLook } from '../kafka/rights.ts';
import { KafkaSource } from '../kafka/source.ts';
import { partitionCountOf } from '../kafka/topic.ts';
import type { PartitionWithId } from '../kafka/topic-ids.ts';
import { readCommitMetadata } from '../log/commit-metadata.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Source } from '../log/ports.ts';
import { intoLog } from './client-lines.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { requireKafka } from './open-log.ts';
import { requireRights } from './rights.ts';

/** By partition. */
export interface GroupOffsets {
  /** The input's, where the brokers tell one. */
  readonly topicId: string | null;
  /** -1 where nothing. */
  readonly committed: readonly number[];
  /** Where the group began. It has nothing to do with records before. */
  readonly begun: readonly number[];
  /** The offset from which the group's answers name the topic id; infinity if that is not known. */
  readonly namedFrom: readonly number[];
}

export interface GroupOffset {
  readonly offset: number;
  readonly metadata: string | null;
}

export class Topics {
  readonly admin: Admin;
  readonly #kafka: Kafka;
  readonly #config: Config;
  readonly #purpose: string;
  readonly #patience: Patience;
  readonly #groups: string[] = [];

  private constructor(config: Config, kafka: Kafka, purpose: string, patience: Patience) {
    this.#patience = patience;
    this.#config = config;
    this.#kafka = kafka;
    this.#purpose = purpose;
    this.admin = kafka.admin();
  }

  /**
   * `purpose` is the command's name, `read` the topics that it reads. Rejects with
   * `ConfigError`, and as `keepTrying` does.
   */
  static async connect(
    config: Config,
    patience: Patience,
    purpose: string,
    read: readonly string[] = [config.input.topic, config.output.topic, config.deadLetters.topic],
  ): Promise<Topics> {
    requireKafka(config, purpose);
    const { logger } = patience;
    const kafka = createKafka(config.kafka, intoLog(logger));
    const topics = new Topics(config, kafka, purpose, patience);
    const where = `no broker at ${config.kafka['bootstrap.servers']}`;
    await requireRights(config, rightsToLook(config.kafka, read, purpose), patience);
    await keepTrying(() => topics.admin.connect(), { where, ...patience });
    return topics;
  }

  /** A source that nobody else uses, for one reading. */
  open(topic: string): Source {
    const { kafka } = this.#config;
    // In containers, process ids are the same.
    const group = `${kafka['group.id']}-${this.#purpose}-${randomUUID()}`;
    this.#groups.push(group);
    const settings = { ...kafka, 'group.id': group, 'auto.offset.reset': 'earliest' as const };
    return new KafkaSource(this.#kafka, { topic, settings, onOutOfRange: 'continue' });
  }

  /**
   * What the topic holds, by partition; with times only from and up to the first record at or after
   * them, in milliseconds. Rejects with `MissingTopicError`.
   */
  async ranges(topic: string, fromMs?: number, toMs?: number): Promise<OffsetRange[]> {
    await partitionCountOf(this.admin, topic, 0, this.#config.kafka);
    const ends = await this.admin.fetchTopicOffsets(topic);
    const offsetsAt = async (ms: number | undefined): Promise<Map<number, number>> => {
      const found = ms === undefined ? [] : await this.admin.fetchTopicOffsetsByTimestamp(topic, ms);
      return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
    };
    const [from, until] = [await offsetsAt(fromMs), await offsetsAt(toMs)];
    return ends
      .toSorted((left, right) => left.partition - right.partition)
      .map(({ partition, low, high }) => ({
        from: Math.max(Number(low), from.get(partition) ?? 0),
        until: Math.min(Number(high), until.get(partition) ?? Number(high)),
      }));
  }

  /**
   * The results and dead letters of the configured job, as they stand now; `named`: of
   * `groupOffsets`.
   */
  async answers({ topicId, namedFrom }: GroupOffsets): Promise<AnswerTopics> {
    const { input, output, deadLetters, limits } = this.#config;
    const whole = async (topic: string): Promise<Topic> => ({
      open: () => this.open(topic),
      ranges: await this.ranges(topic),
    });
    return {
      inputTopic: input.topic,
      inputTopicId: topicId,
      namedFrom,
      results: await whole(output.topic),
      deadLetters: await whole(deadLetters.topic),
      inflatedBytesMax: limits.inflatedBytes,
    };
  }

  /** What a group has committed of a topic, by partition; -1 is nothing. */
  async committed(group: string, topic: string): Promise<Map<number, GroupOffset>> {
    const found = await this.#offsetsOf(group, topic);
    return new Map(
      found.map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata }]),
    );
  }

  commit(group: string, topic: string, positions: readonly CommittedPosition[]): Promise<void> {
    return commitPositions(this.#kafka, group, topic, positions);
  }

  /** Null where the brokers tell none. */
  async topicId(topic: string): Promise<string | null> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
    return (topics[0]?.partitions[0] as PartitionWithId | undefined)?.topicId ?? null;
  }

  /** What the job's group has committed of the input as it is now. */
  async groupOffsets(partitionCount: number): Promise<GroupOffsets> {
    const { input, kafka } = this.#config;
    const topicId = await this.topicId(input.topic);
    const fetched = await this.#offsetsOf(kafka['group.id'], input.topic);
    const committed = Array.from({ length: partitionCount }, () => -1);
    const begun = committed.map(() => 0);
    const namedFrom = committed.map(() => Number.POSITIVE_INFINITY);
    for (const { partition, offset, metadata: text } of fetched) {
      const metadata = readCommitMetadata(text);
      const id = metadata?.topicId ?? null;
      // Of a topic that had the name before.
      if (id !== null && topicId !== null && id !== topicId) continue;
      committed[partition] = Number(offset);
      begun[partition] = metadata?.begun ?? 0;
      if (id !== null && metadata !== null) namedFrom[partition] = metadata.namedFrom;
    }
    return { topicId, committed, begun, namedFrom };
  }

  /** Waits for transactions that are about to commit some, as `keepTrying` does. */
  async #offsetsOf(groupId: string, topic: string) {
    const where = `the offsets of group "${groupId}"`;
    const fetch = () => this.admin.fetchOffsets({ groupId, topics: [topic] });
    const hopeless = (error: unknown) => (isUnstableOffset(error) ? undefined : error);
    const [found] = await keepTrying(fetch, { where, hopeless, ...this.#patience });
    return found?.partitions ?? [];
  }

  /**
   * The groups of the readings are deleted. If the broker refuses that, the work is done all the
   * same, and the broker forgets them later.
   */
  async close(): Promise<void> {
    try {
      const { groups } = await this.admin.listGroups();
      const own = groups.map(({ groupId }) => groupId).filter((group) => this.#groups.includes(group));
      if (own.length > 0) await this.admin.deleteGroups(own);
    } catch (error) {
      const group = `${this.#config.kafka['group.id']}-${this.#purpose}-`;
      this.#patience.logger.warn(
        `groups "${group}…" were not deleted (Delete on the group): ${(error as Error).message}`,
      );
    }
    await this.admin.disconnect();
  }
}
