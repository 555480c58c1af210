// kafkajs's admin client and producer, as far as the real sink uses them, over the simulated
// cluster: requests of which some partitions are refused, whose answer is lost, or that arrive
// after they were given up.

import type { Kafka } from 'kafkajs';
import type { OutgoingBatch } from '../../src/kafka/outgoing-batch.ts';
import {
  acknowledgedSend,
  type BatchAnswer,
  type CreateSend,
  type ProduceFailure,
  throwIfFailed,
} from '../../src/kafka/produce-answers.ts';
import { type ProducerCluster, type ProducingBroker, sharedSend } from '../../src/kafka/shared-request.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { keyOf } from '../../src/log/topic-partition.ts';
import { type Cluster, laneOf } from './cluster.ts';
import type { Dice } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** What kafkajs tries by itself, as the sink asks for it. */
const ATTEMPTS = 4;
const RETRY_MS = 10;
export const UNKNOWN_EPOCH = -1;

export interface ProducerWorld {
  readonly cluster: Cluster;
  readonly dice: Dice;
  readonly scheduler: Scheduler;
  /** Topics, and partitions by their key, that take nothing just now. */
  readonly refusing: ReadonlySet<string>;
  /** The ownership for which these bytes were made, if that is known. */
  epochOf(bytes: Uint8Array): number;
  made(bytes: Uint8Array, epoch: number): void;
  note(words: () => string): void;
}

const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

/** A batch of a request, with its topic. */
interface Part {
  readonly topic: string;
  readonly message: OutgoingBatch;
}

/** Partitions are led by these in turn. */
const BROKERS = 2;

export function simKafka(process: SimProcess, world: ProducerWorld): Kafka {
  /**
   * By output partition and lane, the ownership whose bytes were sent last: that of the halves of a
   * batch that was cut.
   */
  const lastEpochs = new Map<string, number>();
  const nothing = async (): Promise<void> => {};
  const partitionsOf = (topic: string): { readonly partitionId: number }[] =>
    Array.from({ length: world.cluster.count(topic) }, (_, partitionId) => ({ partitionId }));
  const isUnknown = (): boolean => world.dice.strikes('leadersUnknown', 0.1);
  const sent = ({ topic, message: { value, partition } }: Part): void => {
    const key = `${keyOf({ topic, partition })} ${laneOf(value)}`;
    if (world.epochOf(value) === UNKNOWN_EPOCH) world.made(value, lastEpochs.get(key) ?? UNKNOWN_EPOCH);
    lastEpochs.set(key, world.epochOf(value));
  };
  return {
    admin: () => ({
      connect: nothing,
      disconnect: nothing,
      fetchTopicMetadata: async ({ topics: [topic = ''] }: { topics: string[] }) => {
        await process.wait(1);
        if (world.cluster.count(topic) === 0) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
        return { topics: [{ partitions: partitionsOf(topic) }] };
      },
    }),
    producer: () => {
      const producerId = world.cluster.newProducerId();
      const request = (parts: readonly Part[]) => requestOf(process, world, producerId, parts);
      const shared = brokers(request, world);
      /** What the seam relies on to find leaders, and to look for them again. */
      const cluster: ProducerCluster & { refreshMetadata(): Promise<void> } = {
        refreshMetadata: nothing,
        refreshMetadataIfNecessary: nothing,
        findTopicPartitionMetadata: (topic) =>
          partitionsOf(topic).map(({ partitionId }) =>
            isUnknown() ? { partitionId } : { partitionId, leader: partitionId % BROKERS },
          ),
        connectedBroker: (leader) => shared.brokers[leader],
      };
      const alone: CreateSend = () => async (sending) => {
        const [{ topic, messages }] = sending.topicMessages as unknown as [Topic];
        const [message] = messages as [OutgoingBatch];
        // The client leaves out a partition of which it knows no leader.
        if (isUnknown()) return [];
        await sendAgain(process, () => request([{ topic, message }]));
        return [{ topicName: topic, partition: message.partition }];
      };
      const eosManager = { getProducerId: () => producerId, getProducerEpoch: () => 0 };
      const send = sharedSend(acknowledgedSend(alone), shared.errorOf)({ cluster, eosManager } as never);
      const sendBatch = async ({ topicMessages }: { readonly topicMessages: readonly Topic[] }) => {
        for (const { topic, messages } of topicMessages)
          for (const message of messages) sent({ topic, message });
        await send({ topicMessages });
      };
      return {
        connect: () => process.wait(1),
        disconnect: nothing,
        send: (one: Topic) => sendBatch({ topicMessages: [one] }),
        sendBatch,
      };
    },
  } as unknown as Kafka;
}

interface Topic {
  readonly topic: string;
  readonly messages: readonly OutgoingBatch[];
}

type Request = (parts: readonly Part[]) => Promise<readonly (Error | null)[]>;

/** Brokers that take requests for several partitions; old ones do not say which of them failed. */
function brokers(request: Request, { dice }: ProducerWorld) {
  const errors: Error[] = [];
  const answerOf = ({ message }: Part, error: Error | null): BatchAnswer => {
    const { refused = [], errorMessage = null } = (error ?? {}) as Partial<ProduceFailure>;
    const errorCode = error === null ? 0 : errors.push(error);
    return { partition: message.partition, errorCode, baseOffset: '0', refused, errorMessage };
  };
  const errorOf = (code: number): Error => errors[code - 1] as Error;
  const broker: ProducingBroker = {
    async produce({ topicData }) {
      const parts = topicData.flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ messages }) => messages.map((message) => ({ topic, message }))),
      );
      const outcomes = await request(parts);
      const failed = outcomes.find((outcome) => outcome !== null);
      if (failed !== undefined && dice.of('unnamed').next() < 0.3) throw failed;
      const topics = parts.map((part, index) => ({
        topicName: part.topic,
        partitions: [answerOf(part, outcomes[index] as Error | null)],
      }));
      const grouped = [...Map.groupBy(topics, ({ topicName }) => topicName)].map(([topicName, own]) => ({
        topicName,
        partitions: own.flatMap(({ partitions }) => partitions),
      }));
      const answer = { topics: grouped, throttleTime: 0, clientSideThrottleTime: 0 } as const;
      throwIfFailed(answer, (code) => Object.assign(new Error('failed'), { code }));
      return answer;
    },
  };
  return { brokers: Array.from({ length: BROKERS }, () => ({ ...broker })), errorOf };
}

/** As kafkajs does. */
async function sendAgain(
  process: SimProcess,
  request: () => Promise<readonly (Error | null)[]>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [error = null] = await request();
      if (error !== null) throw error;
      return;
    } catch (error) {
      const { type } = error as { readonly type?: string };
      if (type !== undefined || attempt === ATTEMPTS) throw error;
      await process.wait(RETRY_MS);
    }
  }
}

/**
 * One request: it travels, each of its batches is taken or not, and the answer travels back or is
 * lost.
 */
async function requestOf(
  process: SimProcess,
  world: ProducerWorld,
  producerId: number,
  parts: readonly Part[],
): Promise<readonly (Error | null)[]> {
  const { dice, scheduler } = world;
  for (const { message } of parts) message.onWrite();
  const epochs = parts.map(({ message }) => world.epochOf(message.value));
  const arrive = (how: string): readonly (Error | null)[] =>
    parts.map((part, index) => {
      const error = appended(world, producerId, part, epochs[index] as number);
      const { partition, baseSequence } = part.message;
      const became = error === null ? how : `failed: ${error.message}`;
      world.note(() => `${process.name} ${part.topic}/${partition} sequence ${baseSequence} ${became}`);
      return error;
    });
  const travels = dice.delayMs('produce', 2, 60);
  const fails = dice.strikes('producesFail', 0.15);
  const timesOut = dice.strikes('producesTimeOut', 0.15);
  const late = timesOut && dice.of('producesTimeOut').next() < 0.5;
  const lateMs = timesOut ? dice.of('producesTimeOut').below(80) : 0;
  return new Promise((resolve, reject) => {
    scheduler.after(travels, () => {
      const answer = (outcome: Error | readonly (Error | null)[]): void => {
        process.after(dice.delayMs('answer', 1, 30), () =>
          outcome instanceof Error ? reject(outcome) : resolve(outcome),
        );
      };
      if (fails) return answer(new Error('connection reset'));
      if (!late) {
        const outcomes = arrive('was taken');
        return answer(timesOut ? new Error('request timed out') : outcomes);
      }
      scheduler.after(lateMs, () => void arrive('was taken late'));
      answer(new Error('request timed out'));
    });
  });
}

/** The error of the broker for a batch, or null if it has it now. */
function appended(
  { cluster, refusing }: ProducerWorld,
  producerId: number,
  { topic, message: { value, partition, baseSequence } }: Part,
  epoch: number,
): Error | null {
  const batch: ResultBatch = { topic, partition, bytes: value as Uint8Array<ArrayBuffer>, recordCount: 0 };
  if (refusing.has(topic) || refusing.has(keyOf(batch))) return protocolError('POLICY_VIOLATION');
  try {
    cluster.append(producerId, baseSequence, batch, epoch);
    return null;
  } catch (error) {
    return error as Error;
  }
}
