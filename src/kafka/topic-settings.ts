// Asks brokers about settings: those of topics, and of a broker.

import type { Admin, ConfigEntries, Kafka } from 'kafkajs';
import { errorChain, isDenied, protocolType } from './errors.ts';
import { loadKafkaJs } from './seam.ts';

/** By Kafka's names. Settings that exist only in some versions of Kafka may be missing. */
export type Settings = ReadonlyMap<string, string>;

export interface TopicSettings {
  readonly topic: string;
  readonly settings: Settings;
  /**
   * Which of them were set for this topic; the others are the brokers'. Undefined where that is not
   * known.
   */
  readonly own?: ReadonlySet<string>;
}

/** Why the settings of a topic are not known. */
export interface Unreadable {
  readonly topic: string;
  readonly why: string;
}

export interface FoundSettings {
  readonly topics: readonly (TopicSettings | Unreadable)[];
  /** Of one broker: they are alike on all, as a rule. */
  readonly broker: Settings | { readonly why: string };
}

/** Rejects with the errors of kafkajs where no broker answers. */
export async function topicSettings(kafka: Kafka, topics: readonly string[]): Promise<FoundSettings> {
  const admin = kafka.admin();
  const { TOPIC, BROKER } = loadKafkaJs().ConfigResourceTypes;
  await admin.connect();
  try {
    const { brokers } = await admin.describeCluster();
    const [broker] = brokers;
    const [ofBroker, ...ofTopics] = await Promise.all([
      broker === undefined ? { why: 'it is away' } : settingsOf(admin, BROKER, String(broker.nodeId)),
      // One request for each topic: if one is refused, kafkajs rejects the whole request.
      ...topics.map((topic) => settingsOf(admin, TOPIC, topic)),
    ]);
    return {
      topics: ofTopics.map((found, index) => {
        const topic = topics[index] as string;
        return 'why' in found ? { topic, ...found } : { topic, settings: mapOf(found), own: ownOf(found) };
      }),
      broker: 'why' in ofBroker ? ofBroker : mapOf(ofBroker),
    };
  } finally {
    await admin.disconnect();
  }
}

const mapOf = (entries: readonly ConfigEntries[]): Settings =>
  new Map(entries.map(({ configName, configValue }) => [configName, configValue]));

function ownOf(entries: readonly ConfigEntries[]): ReadonlySet<string> {
  const { TOPIC_CONFIG } = loadKafkaJs().ConfigSource;
  const own = entries.filter(({ configSource }) => configSource === TOPIC_CONFIG);
  return new Set(own.map(({ configName }) => configName));
}

async function settingsOf(
  admin: Admin,
  type: number,
  name: string,
): Promise<readonly ConfigEntries[] | { readonly why: string }> {
  try {
    const { resources } = await admin.describeConfigs({
      resources: [{ type, name }],
      includeSynonyms: false,
    });
    return resources[0]?.configEntries ?? [];
  } catch (error) {
    if (isDenied(error)) return { why: 'the right DescribeConfigs on it is missing' };
    const isTold = protocolType(error) !== '' || isUnknownRequest(error);
    if (isTold) return { why: (error as Error).message };
    throw error;
  }
}

/** From brokers that are not Apache Kafka. */
const isUnknownRequest = (error: unknown): boolean =>
  [...errorChain(error)].some(({ name }) => name === 'KafkaJSServerDoesNotSupportApiKey');
