// Creates topics on a broker, through the same kafkajs as the daemon.

import { loadKafkaJs } from '../src/kafka/seam.ts';

/** Creates those that do not exist; `configs` are Kafka's own, for all of them. */
export async function createTopics(
  address: string,
  partitionCounts: Readonly<Record<string, number>>,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: Object.entries(partitionCounts).map(([topic, numPartitions]) => ({
        topic,
        numPartitions,
        replicationFactor: 1,
        configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}
