// Fetches from a topic by its id instead of its name (Kafka 3.1 and later). The answer is always
// from that topic. If the topic was deleted, and perhaps made again, the broker says that there is
// no such topic. So an offset of an old topic is never used with a new topic of the same name
// (invariant 9). An older broker is asked by name, as kafkajs does.

import { FlexibleReader, FlexibleWriter, type TopicId } from './flexible.ts';
import { type Protocol, type RequestModule, withVersion } from './versions.ts';

const FETCH_VERSION = 13;

/**
 * UNKNOWN_TOPIC_ID and INCONSISTENT_TOPIC_ID. kafkajs does not know them. It gets
 * UNKNOWN_TOPIC_OR_PARTITION in their place, and handles that rightly.
 */
const NO_SUCH_TOPIC: ReadonlySet<number> = new Set([100, 103]);
const UNKNOWN_TOPIC_OR_PARTITION = 3;

interface FetchArguments {
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rackId?: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly FetchPartition[];
  }[];
}

interface FetchPartition {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
  /** The id of the topic that is meant, where it is known. */
  readonly topicId?: TopicId;
}

/** Beyond what the broker may wait: as kafkajs has it. */
const ANSWER_MS = 100;

/** `readRecords` reads the record set of a partition. */
export function fetchByIds(
  original: RequestModule<FetchArguments>,
  readRecords: (records: Buffer) => readonly unknown[],
) {
  /** What kafkajs makes anew for each fetch, though nothing that is used of it differs. */
  let usual: ReturnType<typeof usualOf> | undefined;
  return withVersion(original, FETCH_VERSION, (given, latest) => {
    const named = given.topics.map(({ topic, partitions }) => ({
      topic,
      id: partitions[0]?.topicId ?? null,
      partitions,
    }));
    if (named.some(({ id }) => id === null)) return latest();
    usual ??= usualOf(latest());
    const { apiKey, apiName, parse } = usual;
    const names = new Map(named.map(({ id, topic }) => [id, topic]));
    return {
      request: {
        apiKey,
        apiName,
        apiVersion: FETCH_VERSION,
        encode: async () => ({ pieces: [fetchRequest(given, named)] }),
      },
      response: {
        parse,
        decode: async (answer) => readFetched(new FlexibleReader(answer), names, readRecords),
      },
      requestTimeout: given.maxWaitTime + ANSWER_MS,
    };
  });
}

const usualOf = ({ request: { apiKey, apiName }, response: { parse } }: Protocol) => ({
  apiKey,
  apiName,
  parse,
});

/** No replica, no session, and no epoch of a leader: kafkajs asks in the same way. */
function fetchRequest(
  { maxWaitTime, minBytes, maxBytes, isolationLevel, rackId = '' }: FetchArguments,
  topics: readonly { readonly id: TopicId; readonly partitions: readonly FetchPartition[] }[],
): Buffer {
  const body = new FlexibleWriter();
  body.int32(-1).int32(maxWaitTime).int32(minBytes).int32(maxBytes).int8(isolationLevel).int32(0).int32(-1);
  body.array(topics, ({ id, partitions }) =>
    body
      .topicId(id)
      .array(partitions, (of) =>
        body
          .int32(of.partition)
          .int32(-1)
          .int64(of.fetchOffset)
          .int32(-1)
          .int64('-1')
          .int32(of.maxBytes)
          .noTags(),
      )
      .noTags(),
  );
  return body
    .array([], () => {})
    .string(rackId)
    .noTags().written;
}

function readFetched(
  answer: FlexibleReader,
  names: ReadonlyMap<TopicId, string>,
  readRecords: (records: Buffer) => readonly unknown[],
) {
  const head = { throttleTime: 0, clientSideThrottleTime: answer.int32(), errorCode: answer.int16() };
  // kafkajs looks at the errors of partitions only.
  if (head.errorCode !== 0)
    return {
      ...head,
      responses: [{ topicName: '', partitions: [{ partition: -1, errorCode: head.errorCode }] }],
    };
  return {
    ...head,
    sessionId: answer.int32(),
    responses: answer.array(() => {
      const topicName = names.get(answer.topicId()) ?? '';
      const partitions = answer.array(() => {
        const [partition, code] = [answer.int32(), answer.int16()];
        const found = {
          partition,
          errorCode: NO_SUCH_TOPIC.has(code) ? UNKNOWN_TOPIC_OR_PARTITION : code,
          highWatermark: answer.int64(),
          lastStableOffset: answer.int64(),
          lastStartOffset: answer.int64(),
          abortedTransactions: answer.array(() => {
            const aborted = { producerId: answer.int64(), firstOffset: answer.int64() };
            answer.skipTags();
            return aborted;
          }),
          preferredReadReplica: answer.int32(),
          messages: readRecords(answer.bytes() ?? Buffer.alloc(0)),
        };
        answer.skipTags();
        return found;
      });
      answer.skipTags();
      return { topicName, partitions };
    }),
  };
}

interface ByTopicId {
  /** The ids of the topics that are meant, by name: these topics are fetched by id. */
  topicIds: ReadonlyMap<string, TopicId>;
}

export type BrokerClass = new (...given: never[]) => { fetch(given: FetchArguments): Promise<unknown> };

export const brokerByIds = (Broker: BrokerClass) =>
  class BrokerByIds extends Broker implements ByTopicId {
    topicIds: ReadonlyMap<string, TopicId> = new Map();

    override fetch(given: FetchArguments): Promise<unknown> {
      const topics = given.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({
          ...partition,
          topicId: this.topicIds.get(topic) ?? null,
        })),
      }));
      return super.fetch({ ...given, topics });
    }
  };

export type ClusterClass = new (
  ...given: never[]
) => {
  readonly targetTopics: ReadonlySet<string>;
  readonly brokerPool: {
    readonly metadata: { readonly topicMetadata: readonly { readonly topic: string }[] } | null;
    readonly metadataExpireAt: number | null;
    readonly brokers: Readonly<Record<number, ByTopicId & { isConnected(): boolean }>>;
  };
  findBroker(of: { nodeId: number }): Promise<ByTopicId>;
  refreshMetadataIfNecessary(): Promise<void>;
};

/** Each consumer has a cluster of its own. */
export const clusterByIds = (Cluster: ClusterClass) =>
  class ClusterByIds extends Cluster implements ByTopicId {
    topicIds: ReadonlyMap<string, TopicId> = new Map();

    /** kafkajs asks at each request whether it is time, by several promises. */
    override async refreshMetadataIfNecessary(): Promise<void> {
      const { metadata, metadataExpireAt } = this.brokerPool;
      const isFresh = metadata !== null && metadataExpireAt !== null && Date.now() <= metadataExpireAt;
      const known = metadata?.topicMetadata ?? [];
      const isKnown = (name: string): boolean => known.some(({ topic }) => topic === name);
      if (!isFresh || ![...this.targetTopics].every(isKnown)) await super.refreshMetadataIfNecessary();
    }

    /** The broker, if there is a connection to it now. */
    connectedBroker(nodeId: number): ByTopicId | undefined {
      const broker = this.brokerPool.brokers[nodeId];
      return broker?.isConnected() === true ? broker : undefined;
    }

    override async findBroker(of: { nodeId: number }): Promise<ByTopicId> {
      const broker = await super.findBroker(of);
      broker.topicIds = this.topicIds;
      return broker;
    }
  };
