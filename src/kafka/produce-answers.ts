// What brokers answer to Produce requests. kafkajs speaks version 7 at most; version 8 (KIP-467)
// names the records that were refused and says why. kafkajs also leaves out partitions without a
// known leader, and reports success. Here that is an error.

import type { ProduceArguments } from './produce-request.ts';

/** kafkajs's Decoder, as far as used. */
interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
}

interface NamedRecord {
  readonly index: number;
  readonly message: string;
}

export interface BatchAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: string;
  readonly refused: readonly NamedRecord[];
  readonly errorMessage: string | null;
}

export interface ProduceAnswer {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly BatchAnswer[] }[];
  /**
   * The names are kafkajs's: `throttleTime` is what the broker has waited before it answered,
   * `clientSideThrottleTime` what the client must wait now.
   */
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
}

/** What we add to kafkajs's error. */
export interface ProduceFailure {
  readonly refused: readonly NamedRecord[];
  readonly errorMessage: string | null;
  /** The whole answer: what became of the other partitions of the request. */
  readonly topics: ProduceAnswer['topics'];
}

interface Exchange {
  readonly request: object;
  readonly response: object;
}

export interface ProduceProtocol {
  readonly versions: readonly string[];
  readonly protocol: (of: { readonly version: number }) => (options: ProduceArguments) => Exchange;
}

const NAMING_VERSION = 8;
const SUCCESS = 0;

/**
 * kafkajs's Produce with version 8 added: the request is the same as in versions 3 to 7, the answer
 * tells more.
 */
export const namingProduce = (
  { versions, protocol }: ProduceProtocol,
  requestOf: (given: ProduceArguments) => object,
  DecoderClass: new (bytes: Buffer) => Decoder,
  errorOf: (code: number) => Error,
): ProduceProtocol => ({
  versions: [...versions, String(NAMING_VERSION)],
  protocol: ({ version }) => {
    if (version !== NAMING_VERSION) return protocol({ version });
    return (options) => ({
      request: { ...requestOf(options), apiVersion: NAMING_VERSION },
      response: {
        decode: async (bytes: Buffer) => decodeAnswer(new DecoderClass(bytes)),
        parse: async (answer: ProduceAnswer) => {
          throwIfFailed(answer, errorOf);
          return answer;
        },
      },
    });
  },
});

function decodeAnswer(decoder: Decoder): ProduceAnswer {
  const topics = decoder.readArray(() => ({
    topicName: decoder.readString() ?? '',
    partitions: decoder.readArray(() => {
      const partition = decoder.readInt32();
      const errorCode = decoder.readInt16();
      const baseOffset = decoder.readInt64().toString();
      decoder.readInt64(); // the time of appending
      decoder.readInt64(); // where the log starts
      const refused = decoder.readArray(() => ({
        index: decoder.readInt32(),
        message: decoder.readString() ?? '',
      }));
      return { partition, errorCode, baseOffset, refused, errorMessage: decoder.readString() };
    }),
  }));
  return { topics, throttleTime: 0, clientSideThrottleTime: decoder.readInt32() };
}

/** Throws kafkajs's error for the first partition that failed, with the details from the broker. */
export function throwIfFailed({ topics }: ProduceAnswer, errorOf: (code: number) => Error): void {
  for (const { partitions } of topics) {
    for (const { errorCode, refused, errorMessage } of partitions) {
      if (errorCode === SUCCESS) continue;
      const failure: ProduceFailure = { refused, errorMessage, topics };
      throw Object.assign(errorOf(errorCode), failure);
    }
  }
}

interface Cluster {
  refreshMetadata(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
}

interface Sending {
  readonly topicMessages: readonly {
    readonly topic: string;
    readonly messages: readonly { readonly partition: number }[];
  }[];
}

type Send = (
  sending: Sending,
) => Promise<readonly { readonly topicName: string; readonly partition: number }[]>;
export type CreateSend = (options: { readonly cluster: Cluster }) => Send;

/**
 * kafkajs's send, which also fails when the answer lacks a partition. Then kafkajs looks for the
 * leader again.
 */
export const acknowledgedSend =
  (create: CreateSend): CreateSend =>
  (options) => {
    const { cluster } = options;
    const send = create(options);
    return async (sending) => {
      const answers = await send(sending);
      for (const { topic, messages } of sending.topicMessages) {
        for (const { partition } of messages) {
          if (answers.some((answer) => answer.topicName === topic && answer.partition === partition))
            continue;
          await cluster.refreshMetadata();
          throw unanswered(partition, cluster.findTopicPartitionMetadata(topic));
        }
      }
      return answers;
    };
  };

function unanswered(partition: number, known: readonly { readonly partitionId: number }[]): Error {
  const isThere = known.some(({ partitionId }) => partitionId === partition);
  const reason = isThere
    ? 'no leader was known for the partition'
    : `the topic has no such partition, it has ${known.length}`;
  return Object.assign(new Error(reason), {
    type: isThere ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION',
  });
}
