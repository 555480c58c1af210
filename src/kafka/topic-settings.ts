// Asks brokers about topics: their settings, and how many brokers keep each partition.

import type { Admin, Kafka } from 'kafkajs';
import { errorChain, isDenied, protocolType } from './errors.ts';
import { loadKafkaJs } from './seam.ts';

export interface TopicSettings {
  readonly topic: string;
  /** By Kafka's names. Settings that exist only in some versions of Kafka may be missing. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Why the settings of a topic are not known. */
export interface Unreadable {
  readonly topic: string;
  readonly why: string;
}

/** Rejects with the errors of kafkajs where no broker answers. */
export async function topicSettings(
  kafka: Kafka,
  topics: readonly string[],
): Promise<(TopicSettings | Unreadable)[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    // One request for each topic: kafkajs rejects a whole request if one of its topics is refused.
    return await Promise.all(topics.map((topic) => settingsOf(admin, topic)));
  } finally {
    await admin.disconnect();
  }
}

async function settingsOf(admin: Admin, topic: string): Promise<TopicSettings | Unreadable> {
  const { TOPIC } = loadKafkaJs().ConfigResourceTypes;
  try {
    const { resources } = await admin.describeConfigs({
      resources: [{ type: TOPIC, name: topic }],
      includeSynonyms: false,
    });
    const entries = resources[0]?.configEntries ?? [];
    return {
      topic,
      settings: new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  } catch (error) {
    if (isDenied(error)) return { topic, why: 'the right DescribeConfigs on it is missing' };
    const isTold = protocolType(error) !== '' || isUnknownRequest(error);
    if (isTold) return { topic, why: (error as Error).message };
    throw error;
  }
}

/** From brokers that are not Apache Kafka. */
const isUnknownRequest = (error: unknown): boolean =>
  [...errorChain(error)].some(({ name }) => name === 'KafkaJSServerDoesNotSupportApiKey');
