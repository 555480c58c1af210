// What brokers say of topics: their settings, and on how many brokers each partition is kept.

import type { Admin, Kafka } from 'kafkajs';
import { errorChain, isDenied, protocolType } from './errors.ts';
import { loadKafkaJs } from './seam.ts';

export interface TopicSettings {
  readonly topic: string;
  /** By Kafka's names; those that differ between versions of Kafka may be missing. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Why the settings of a topic are not known. */
export interface Unreadable {
  readonly topic: string;
  readonly why: string;
}

/** Rejects with what kafkajs does where no broker answers. */
export async function topicSettings(
  kafka: Kafka,
  topics: readonly string[],
): Promise<(TopicSettings | Unreadable)[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    // One by one: kafkajs rejects all of a request for one that is refused.
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

/** Of a broker that is not Kafka's own. */
const isUnknownRequest = (error: unknown): boolean =>
  [...errorChain(error)].some(({ name }) => name === 'KafkaJSServerDoesNotSupportApiKey');
