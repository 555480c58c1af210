// The ids of topics, which brokers tell with the metadata (KIP-516, Kafka 2.8). A topic that was
// deleted and made again has the same name, but another id. kafkajs's own metadata have no ids.

import { FlexibleReader, FlexibleWriter, type TopicId } from './flexible.ts';
import type { PartitionLeader } from './leaders.ts';
import { type RequestModule, withVersion } from './versions.ts';

const METADATA_VERSION = 10;

interface MetadataArguments {
  /** An empty list means all topics. */
  readonly topics: readonly string[];
  readonly allowAutoTopicCreation?: boolean;
}

/** A partition as kafkajs keeps it, with the id of its topic. */
export interface PartitionWithId extends PartitionLeader {
  readonly topicId?: TopicId;
}

export const metadataWithIds = (original: RequestModule<MetadataArguments>) =>
  withVersion(original, METADATA_VERSION, ({ topics, allowAutoTopicCreation = true }, latest) => ({
    request: {
      ...latest().request,
      apiVersion: METADATA_VERSION,
      async encode() {
        const body = new FlexibleWriter();
        body
          .array(topics.length === 0 ? null : topics, (topic) => body.topicId(null).string(topic).noTags())
          .boolean(allowAutoTopicCreation)
          .boolean(false)
          .boolean(false)
          .noTags();
        return { pieces: [body.written] };
      },
    },
    response: { ...latest().response, decode: async (answer) => readMetadata(new FlexibleReader(answer)) },
  }));

function readMetadata(answer: FlexibleReader) {
  const numbers = (): number[] => answer.array(() => answer.int32());
  return {
    throttleTime: 0,
    clientSideThrottleTime: answer.int32(),
    brokers: answer.array(() => {
      const broker = {
        nodeId: answer.int32(),
        host: answer.string(),
        port: answer.int32(),
        rack: answer.string(),
      };
      answer.skipTags();
      return broker;
    }),
    clusterId: answer.string(),
    controllerId: answer.int32(),
    topicMetadata: answer.array(() => {
      const topic = { topicErrorCode: answer.int16(), topic: answer.string() };
      const topicId = answer.topicId();
      const isInternal = answer.int8() === 1;
      const partitionMetadata = answer.array(() => {
        const leading = {
          partitionErrorCode: answer.int16(),
          partitionId: answer.int32(),
          leader: answer.int32(),
        };
        // Skipped: the epoch of the leader.
        answer.int32();
        const partition = {
          ...leading,
          replicas: numbers(),
          isr: numbers(),
          offlineReplicas: numbers(),
          topicId,
        };
        answer.skipTags();
        return partition;
      });
      answer.int32();
      answer.skipTags();
      return { ...topic, isInternal, partitionMetadata };
    }),
  };
}
