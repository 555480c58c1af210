// A real broker for a test file, and the independent clients that check against it.

import { spawn } from 'node:child_process';
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
import { tempFolder } from '../../tools/temp-folder.ts';

/** For a Java that is there for seconds: no method is compiled again, to be quicker. */
const BRIEF = '-XX:TieredStopAtLevel=1';

export const testBroker = (options: BrokerOptions = {}): Promise<Broker> =>
  startBroker({ ...options, jvm: [BRIEF, ...(options.jvm ?? [])] });

/**
 * Starts a broker before the tests of a file, calls `ready`, and ends it after them. Sessions may
 * be short, so that tests are.
 */
export function withBroker(
  test: TestFn,
  options: BrokerOptions = {},
  ready: (broker: Broker) => Promise<void> = async () => {},
): () => Broker {
  let broker: Broker | undefined;
  test.before(async (t) => {
    t.timeout(180_000);
    broker = await testBroker({
      ...options,
      properties: {
        'group.min.session.timeout.ms': '500',
        // Records in tests have old timestamps, and retention goes by those.
        'log.retention.ms': '-1',
        ...options.properties,
      },
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
  'group.id': 'scorelane',
  'bootstrap.servers': address,
  'heartbeat.interval.ms': 200,
  'session.timeout.ms': 6_000,
  'topic.metadata.propagation.max.ms': 0,
  ...more,
});

export const kafkaFor = (settings: KafkaSettings): Kafka => createKafka(settings, () => {});

let compiled: Promise<string> | undefined;
let javaTurn: Promise<unknown> = Promise.resolve();

/** Compiles the Java tool once; resolves to the class path to run it with. */
async function compileJava(): Promise<string> {
  const jars = classPath(await ensureKafka(KAFKA_VERSIONS[0]));
  const folder = tempFolder('java');
  await run('javac', [
    '-encoding',
    'UTF-8',
    '-cp',
    jars,
    '-d',
    folder,
    join(import.meta.dirname, 'java', 'KafkaTool.java'),
  ]);
  return `${jars}:${folder}`;
}

/**
 * Runs the Java tool, one at a time: a dozen JVMs at once starve each other. Resolves to what it
 * prints.
 */
export function java(...args: string[]): Promise<string> {
  compiled ??= compileJava();
  const turn = Promise.all([compiled, javaTurn]).then(([path]) =>
    // Java reads its arguments as the locale has them.
    run('java', [BRIEF, '-Dfile.encoding=UTF-8', '-cp', path, 'KafkaTool', ...args], {
      env: { LC_ALL: 'C.UTF-8' },
    }),
  );
  javaTurn = turn.catch(() => {});
  return turn;
}

/**
 * A member of a group through librdkafka, with settings of its own. Resolves when it has its
 * partitions.
 */
export async function librdkafkaMember(
  address: string,
  topic: string,
  group: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ leave(): Promise<void> }> {
  const { executable } = await ensurePython();
  const script = join(import.meta.dirname, 'python', 'librdkafka.py');
  const words = [script, 'join', address, topic, group, JSON.stringify(settings)];
  const child = spawn(executable, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    ended.then(() => Promise.reject(new Error(`librdkafka did not join ${group}`))),
  ]);
  return {
    leave() {
      child.stdin.end();
      return ended;
    },
  };
}

export async function python(script: string, ...args: string[]): Promise<string> {
  const { executable } = await ensurePython();
  return run(executable, [join(import.meta.dirname, 'python', script), ...args]);
}
