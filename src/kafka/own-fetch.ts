// A fetch in place of kafkajs's. Where kafkajs compares all partitions with all others several
// times for each fetch, this one looks each up once. No rack is given, so no broker names another
// replica to read from than the leader.

import type { Fetched } from '../log/ports.ts';
import { isAway } from './client-log.ts';
import { errorChain } from './errors.ts';
import type { FetchWaits } from './fetch-waits.ts';
import { type FetchTopic, handOver, type TopicAnswer } from './fetched.ts';
import type { ConsumerGroup } from './kafkajs-group.ts';
import { leadersIn, type PartitionLeader } from './leaders.ts';
import type { Unanswered } from './unanswered.ts';

interface FetchArguments {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly rackId: string;
  readonly topics: readonly FetchTopic[];
}

/** kafkajs's group member, as far as its fetches go. */
export interface FetchingGroup extends ConsumerGroup {
  readonly cluster: ConsumerGroup['cluster'] & {
    refreshMetadataIfNecessary(): Promise<void>;
    findBroker(of: { nodeId: number }): Promise<{
      fetch(given: FetchArguments): Promise<{ readonly responses: readonly TopicAnswer[] }>;
    }>;
  };
  readonly seekOffset: { readonly size: number; has(topic: string, partition: number): boolean };
  readonly maxBytesPerPartition: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly rackId: string;
  /** Throws if partitions were added to a topic. */
  checkForStaleAssignment(): void;
  seekOffsets(topics: readonly { topic: string; partitions: readonly number[] }[]): Promise<void>;
  isPaused(topic: string, partition: number): boolean;
  recoverFromFetch(error: unknown): Promise<void>;
}

/** The partitions that a broker leads, as long as assignment and metadata stay the same. */
interface Led {
  readonly assignment: object;
  readonly metadata: readonly (readonly PartitionLeader[])[];
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** What fetches ask and tell. */
export interface FetchHooks {
  readonly waits: FetchWaits;
  readonly unanswered: Unanswered;
  /** Everything that one fetch has brought: at least one partition. */
  fetched(...fetched: readonly Fetched[]): void;
}

export class OwnFetch {
  readonly #group: FetchingGroup;
  readonly #hooks: FetchHooks;
  /** By broker. */
  readonly #led = new Map<number, Led>();

  constructor(group: FetchingGroup, hooks: FetchHooks) {
    this.#group = group;
    this.#hooks = hooks;
  }

  /** Errors that kafkajs recovers from do not come out. */
  async from(nodeId: number): Promise<void> {
    const { unanswered } = this.#hooks;
    unanswered.begins(nodeId);
    try {
      await this.#fetch(nodeId);
      unanswered.answered(nodeId);
    } catch (error) {
      if (![...errorChain(error)].some(isSilence)) unanswered.answered(nodeId);
      await this.#group.recoverFromFetch(error);
    } finally {
      unanswered.ends(nodeId);
    }
  }

  async #fetch(nodeId: number): Promise<void> {
    const group = this.#group;
    const { waits } = this.#hooks;
    await group.cluster.refreshMetadataIfNecessary();
    const led = this.#ledBy(nodeId);
    if (group.seekOffset.size > 0) await group.seekOffsets(led);
    const manager = group.offsetManager;
    if (manager === null) return;
    const topics = this.#wanted(led);
    if (topics.length === 0) return waits.idle(nodeId);
    const isWhole = count(topics) === count(led);
    const { minBytes, maxBytes, isolationLevel, rackId } = group;
    const maxWaitTime = waits.of(nodeId, isWhole);
    this.#hooks.unanswered.asked(nodeId, maxWaitTime);
    const broker = await group.cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      maxWaitTime,
      minBytes,
      maxBytes,
      isolationLevel,
      topics,
      rackId,
    });
    // After a join the positions are others: what was asked for before is asked for again.
    if (manager !== group.offsetManager) return;
    const hasSeeks = group.seekOffset.size > 0;
    const hasBrought = handOver(topics, responses, {
      manager,
      isHeld: (topic, partition) =>
        (hasSeeks && group.seekOffset.has(topic, partition)) || group.isPaused(topic, partition),
      take: (...fetched) => this.#hooks.fetched(...fetched),
    });
    waits.ended(nodeId, !hasBrought);
  }

  #ledBy(nodeId: number): Led['topics'] {
    const { cluster, offsetManager: manager } = this.#group;
    if (manager === null) return [];
    const assigned = Object.entries(manager.memberAssignment);
    const metadata = assigned.map(([topic]) => cluster.findTopicPartitionMetadata(topic));
    const before = this.#led.get(nodeId);
    // kafkajs keeps the same lists until it has asked for them again.
    if (before?.assignment === manager && before.metadata.every((list, index) => list === metadata[index]))
      return before.topics;
    this.#group.checkForStaleAssignment();
    const topics = assigned.map(([topic, partitions], index) => {
      const leads = leadersIn(metadata[index] ?? []);
      return { topic, partitions: partitions.filter((partition) => leads.get(partition) === nodeId) };
    });
    this.#led.set(nodeId, { assignment: manager, metadata, topics });
    return topics;
  }

  /** What is to be fetched of them, each from its position. */
  #wanted(led: Led['topics']): FetchTopic[] {
    const { offsetManager: manager, maxBytesPerPartition: maxBytes } = this.#group;
    if (manager === null) return [];
    const committed = manager.committedOffsets();
    return led.flatMap(({ topic, partitions }) => {
      const wanted = partitions
        .filter(
          (partition) => !this.#group.isPaused(topic, partition) && committed[topic]?.[partition] != null,
        )
        .map((partition) => {
          const fetchOffset = manager.nextOffset(topic, partition).toString();
          return { partition, fetchOffset, maxBytes };
        });
      return wanted.length === 0 ? [] : [{ topic, partitions: wanted }];
    });
  }
}

/** Whether nothing came back. All other errors say that the broker has answered something. */
const isSilence = (error: Error): boolean =>
  /^KafkaJS(?:Connection|RequestTimeout)/.test(error.name) || isAway(error);

const count = (topics: readonly { readonly partitions: readonly unknown[] }[]): number =>
  topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
