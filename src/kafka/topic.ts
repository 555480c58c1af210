// How many partitions a topic has, asked for until the brokers know it.

import type { Admin } from 'kafkajs';
import { MissingTopicError } from '../log/ports.ts';
import { pause } from '../time/timer.ts';
import type { KafkaSettings } from './client.ts';
import { isUnknownTopic } from './errors.ts';

/** The wait before the broker is asked again about a topic that it does not know. */
const ASK_AGAIN_MS = 250;

/**
 * A topic that was just created is not known everywhere yet: the question is repeated for
 * `patienceMs`. Rejects with `MissingTopicError`.
 */
export async function partitionCountOf(
  admin: Admin,
  topic: string,
  patienceMs: number,
  settings: Pick<KafkaSettings, 'bootstrap.servers'>,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    } catch (error) {
      if (!isUnknownTopic(error)) throw error;
      if (performance.now() - startedMs >= patienceMs)
        throw new MissingTopicError(
          `topic "${topic}" does not exist; create it: ${creating(topic, settings['bootstrap.servers'])}`,
          { cause: error },
        );
      await pause(ASK_AGAIN_MS);
    }
  }
}

/** The command of Kafka that creates a topic. The input and the results best have one count. */
const creating = (topic: string, servers: string): string =>
  `kafka-topics.sh --bootstrap-server ${servers} --create --topic ${topic} --partitions 4 ` +
  '(results and dead letters best have as many as the input)';
