// A real broker for a test file, and the independent clients that check against it.

import { join } from 'node:path';
import type { TestFn } from 'ava';
import type { Kafka } from 'kafkajs';
import { schema } from '../../src/config/schema.ts';
import { createKafka, type KafkaSettings } from '../../src/kafka/client.ts';
import {
  type Broker,
  type BrokerOptions,
  classPath,
  ensureKafka,
  KAFKA_VERSIONS,
  startBroker,
} from '../../tools/broker.ts';
import { ensurePython } from '../../tools/python.ts';
import { run } from '../../tools/run.ts';

/** Starts a broker before the tests of a file, calls `ready`, and ends it after them. Sessions may be short, so that tests are. */
export function withBroker(
  test: TestFn,
  options: BrokerOptions = {},
  ready: (broker: Broker) => Promise<void> = async () => {},
): () => Broker {
  let broker: Broker | undefined;
  test.before(async (t) => {
    t.timeout(180_000);
    broker = await startBroker({
      ...options,
      properties: { 'group.min.session.timeout.ms': '500', ...options.properties },
    });
    await ready(broker);
  });
  test.after.always(async () => {
    await broker?.stop();
  });
  return () => {
    if (broker === undefined) throw new Error('the broker is not up');
    return broker;
  };
}

/** The settings that the configuration would give, for one broker. */
export const settingsFor = (address: string, more: Partial<KafkaSettings> = {}): KafkaSettings => ({
  ...schema.shape.kafka.parse({}),
  'bootstrap.servers': address,
  'heartbeat.interval.ms': 200,
  'session.timeout.ms': 6_000,
  ...more,
});

export const kafkaFor = (settings: KafkaSettings): Kafka => createKafka(settings, () => {});

/** Runs the Java tool; resolves to what it prints. */
export async function java(...args: string[]): Promise<string> {
  const jars = await ensureKafka(KAFKA_VERSIONS[0]);
  const source = join(import.meta.dirname, 'java', 'KafkaTool.java');
  return run('java', ['-cp', classPath(jars), source, ...args]);
}

export async function python(script: string, ...args: string[]): Promise<string> {
  const { executable } = await ensurePython();
  return run(executable, [join(import.meta.dirname, 'python', script), ...args]);
}
