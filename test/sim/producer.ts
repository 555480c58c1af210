// kafkajs's admin client and producer, as far as the real sink uses them, over the simulated
// cluster: requests that are refused, whose answer is lost, or that arrive after they were given
// up.

import type { Kafka } from 'kafkajs';
import type { OutgoingBatch } from '../../src/kafka/batch-messages.ts';
import { acknowledgedSend } from '../../src/kafka/produce-answers.ts';
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

export function simKafka(process: SimProcess, world: ProducerWorld): Kafka {
  /**
   * By output partition and lane, the ownership whose bytes were sent last: that of the halves of a
   * batch that was cut.
   */
  const lastEpochs = new Map<string, number>();
  const nothing = async (): Promise<void> => {};
  const partitionsOf = (topic: string): { readonly partitionId: number }[] =>
    Array.from({ length: world.cluster.count(topic) }, (_, partitionId) => ({ partitionId }));
  /** What the seam relies on to look for leaders again. */
  const metadata = { refreshMetadata: nothing, findTopicPartitionMetadata: partitionsOf };
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
      return {
        connect: () => process.wait(1),
        disconnect: nothing,
        send: async ({ topic, messages }: { topic: string; messages: readonly OutgoingBatch[] }) => {
          const [message] = messages as [OutgoingBatch];
          const { value, partition } = message;
          const key = `${keyOf({ topic, partition })} ${laneOf(value)}`;
          if (world.epochOf(value) === UNKNOWN_EPOCH) world.made(value, lastEpochs.get(key) ?? UNKNOWN_EPOCH);
          lastEpochs.set(key, world.epochOf(value));
          const checked = acknowledgedSend(() => async () => {
            // The client leaves out a partition of which it knows no leader.
            if (world.dice.strikes('leadersUnknown', 0.1)) return [];
            await send(process, world, producerId, topic, message);
            return [{ topicName: topic, partition }];
          });
          await checked({ cluster: metadata })({ topicMessages: [{ topic, messages }] });
        },
      };
    },
  } as unknown as Kafka;
}

async function send(
  process: SimProcess,
  world: ProducerWorld,
  producerId: number,
  topic: string,
  message: OutgoingBatch,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await request(process, world, producerId, topic, message);
      return;
    } catch (error) {
      const { type } = error as { readonly type?: string };
      if (type !== undefined || attempt === ATTEMPTS) throw error;
      await process.wait(RETRY_MS);
    }
  }
}

/** One request: it travels, is taken or not, and the answer travels back or is lost. */
async function request(
  process: SimProcess,
  world: ProducerWorld,
  producerId: number,
  topic: string,
  { value, partition, baseSequence, onWrite }: OutgoingBatch,
): Promise<void> {
  const { cluster, dice, scheduler } = world;
  onWrite();
  const epoch = world.epochOf(value);
  const batch: ResultBatch = { topic, partition, bytes: value as Uint8Array<ArrayBuffer>, recordCount: 0 };
  const arrive = (how: string): void => {
    cluster.append(producerId, baseSequence, batch, epoch);
    world.note(() => `${process.name} ${topic}/${partition} sequence ${baseSequence} ${how}`);
  };
  const travels = dice.delayMs('produce', 2, 60);
  const fails = dice.strikes('producesFail', 0.15);
  const timesOut = dice.strikes('producesTimeOut', 0.15);
  const late = timesOut && dice.of('producesTimeOut').next() < 0.5;
  const lateMs = timesOut ? dice.of('producesTimeOut').below(80) : 0;
  await new Promise<void>((resolve, reject) => {
    scheduler.after(travels, () => {
      const answer = (error?: Error): void => {
        process.after(dice.delayMs('answer', 1, 30), () => (error === undefined ? resolve() : reject(error)));
      };
      if (world.refusing.has(topic) || world.refusing.has(keyOf(batch)))
        return answer(protocolError('POLICY_VIOLATION'));
      if (fails) return answer(new Error('connection reset'));
      try {
        if (late) {
          scheduler.after(lateMs, () => {
            try {
              arrive('was taken late');
            } catch (error) {
              world.note(
                () => `${process.name} ${topic}/${partition} came late: ${(error as Error).message}`,
              );
            }
          });
        } else arrive('was taken');
        answer(timesOut ? new Error('request timed out') : undefined);
      } catch (error) {
        answer(error as Error);
      }
    });
  });
}
