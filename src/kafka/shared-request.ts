// Record batches for many partitions in one Produce request for each broker, sent once. kafkajs
// would try all of a request again if one of its partitions failed, and would not say which were
// taken. Here each batch is told what became of it; whoever sent it decides what to do then.

import { leadersIn, type PartitionLeader } from './leaders.ts';
import type { OutgoingBatch, SharedOutcome } from './outgoing-batch.ts';
import type { BatchAnswer, CreateSend, ProduceAnswer, ProduceFailure } from './produce-answers.ts';

type TopicData = { readonly topic: string; readonly partitions: PartitionData[] };
interface PartitionData {
  readonly partition: number;
  readonly messages: readonly OutgoingBatch[];
}

export interface ProducingBroker {
  produce(given: {
    readonly acks: number;
    readonly timeout: number;
    readonly producerId: unknown;
    readonly producerEpoch: unknown;
    readonly topicData: readonly TopicData[];
  }): Promise<ProduceAnswer>;
}

export interface ProducerCluster {
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionLeader[];
  /** The broker, if there is a connection to it now. */
  connectedBroker(nodeId: number): ProducingBroker | undefined;
}

interface Options {
  readonly cluster: ProducerCluster;
  readonly eosManager: { getProducerId(): unknown; getProducerEpoch(): unknown };
}

interface Sending {
  readonly acks: number;
  readonly timeout: number;
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly OutgoingBatch[] }[];
}

/** kafkajs's send, which leaves those batches to us that want to be told. */
export const sharedSend =
  (create: CreateSend, errorOf: (code: number) => Error): CreateSend =>
  (options) => {
    const alone = create(options);
    return async (sending) => {
      const isShared = sending.topicMessages.some(({ messages }) =>
        messages.some((message) => 'answered' in message),
      );
      if (!isShared) return alone(sending);
      await share(options as unknown as Options, sending as unknown as Sending, errorOf);
      return [];
    };
  };

async function share(
  { cluster, eosManager }: Options,
  { acks, timeout, topicMessages }: Sending,
  errorOf: (code: number) => Error,
): Promise<void> {
  await cluster.refreshMetadataIfNecessary();
  const requests = new Map<ProducingBroker, TopicData[]>();
  for (const { topic, messages } of topicMessages) {
    const leaders = leadersIn(cluster.findTopicPartitionMetadata(topic));
    for (const message of messages) {
      const leader = leaders.get(message.partition);
      const broker = leader === undefined ? undefined : cluster.connectedBroker(leader);
      if (broker === undefined) message.answered?.('unknown');
      else add(requests, broker, topic, message);
    }
  }
  const [producerId, producerEpoch] = [eosManager.getProducerId(), eosManager.getProducerEpoch()];
  await Promise.all(
    [...requests].map(async ([broker, topicData]) => {
      const answer = await broker
        .produce({ acks, timeout, producerId, producerEpoch, topicData })
        .catch((error: Partial<ProduceFailure>) => error);
      tell(topicData, answer.topics ?? [], errorOf);
    }),
  );
}

function add(
  requests: Map<ProducingBroker, TopicData[]>,
  broker: ProducingBroker,
  topic: string,
  message: OutgoingBatch,
): void {
  const topics = requests.get(broker) ?? [];
  requests.set(broker, topics);
  let data = topics.at(-1);
  if (data?.topic !== topic) {
    data = { topic, partitions: [] };
    topics.push(data);
  }
  data.partitions.push({ partition: message.partition, messages: [message] });
}

/** Tells all batches of a request in one turn. */
function tell(
  topicData: readonly TopicData[],
  answered: ProduceAnswer['topics'],
  errorOf: (code: number) => Error,
): void {
  const found = new Map(answered.map(({ topicName, partitions }) => [topicName, partitions]));
  for (const { topic, partitions } of topicData) {
    const answers = new Map(found.get(topic)?.map((answer) => [answer.partition, answer]));
    for (const { partition, messages } of partitions) {
      const outcome = outcomeOf(answers.get(partition), errorOf);
      for (const message of messages) message.answered?.(outcome);
    }
  }
}

function outcomeOf(answer: BatchAnswer | undefined, errorOf: (code: number) => Error): SharedOutcome {
  if (answer === undefined) return 'unknown';
  const { errorCode, refused, errorMessage } = answer;
  if (errorCode === 0) return 'acknowledged';
  return Object.assign(errorOf(errorCode), { refused, errorMessage });
}
