// Creates topics on a broker, through the same kafkajs as the daemon.

import '../src/process.ts';
import type { Admin } from 'kafkajs';
import { loadKafkaJs } from '../src/kafka/seam.ts';

/** Creates the topics that do not exist. `configs` are Kafka's own, for all of these topics. */
export async function createTopics(
  address: string,
  partitionCounts: Readonly<Record<string, number>>,
  configs: Readonly<Record<string, string>> = {},
  replicationFactor = 1,
): Promise<void> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      // The wait of kafkajs fails on a broker that does not know the topic yet.
      waitForLeaders: false,
      topics: Object.entries(partitionCounts).map(([topic, numPartitions]) => ({
        topic,
        numPartitions,
        replicationFactor,
        configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
      })),
    });
    const names = Object.keys(partitionCounts);
    for (let tries = 0; !(await haveLeaders(admin, names)); tries++) {
      if (tries === TRIES) throw new Error(`topics ${names.join(', ')} have no leaders yet`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await admin.disconnect();
  }
}

/** Adds partitions until there are `count`. */
export async function addPartitions(address: string, topic: string, count: number): Promise<void> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    for (let tries = 0; !(await haveLeaders(admin, [topic], count)); tries++) {
      if (tries === TRIES) throw new Error(`the new partitions of ${topic} have no leaders yet`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await admin.disconnect();
  }
}

/** Resolves when no broker knows the topic any more, so that it can be created again. */
export async function deleteTopic(address: string, topic: string): Promise<void> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    for (let tries = 0; (await admin.listTopics()).includes(topic); tries++) {
      if (tries === TRIES) throw new Error(`topic ${topic} is there still`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await admin.disconnect();
  }
}

const TRIES = 1_200;

async function haveLeaders(admin: Admin, topics: string[], countMin = 0): Promise<boolean> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics });
    return metadata.topics.every(
      ({ partitions }) => partitions.length >= countMin && partitions.every(({ leader }) => leader >= 0),
    );
  } catch {
    return false;
  }
}
