// The log that a configuration asks for, behind its ports: the adapters over Kafka, or the one in
// this process.

import { ConfigError } from '../config/load.ts';
import { outputsOf } from '../config/outputs.ts';
import type { Config } from '../config/schema.ts';
import { createKafka } from '../kafka/client.ts';
import { unreachable } from '../kafka/refusal.ts';
import { KafkaSink } from '../kafka/sink.ts';
import { KafkaSource } from '../kafka/source.ts';
import { TransactionalSink } from '../kafka/transactional-sink.ts';
import type { Sink, Source } from '../log/ports.ts';
import { MemoryBroker } from '../memory/broker.ts';
import { MemorySink } from '../memory/sink.ts';
import { MemorySource } from '../memory/source.ts';
import type { Logger } from '../telemetry/log.ts';
import { intoLog } from './client-lines.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { hopelessFor } from './rights.ts';

/** All that `run` writes. */
export const outputTopics = (config: Config): string[] => outputsOf(config).map(({ topic }) => topic);

export interface Log {
  readonly source: Source;
  readonly sink: Sink;
}

/**
 * The source and the sink of the configured log. Nothing is connected yet. `broker`: the embedded
 * log, where several jobs have it together.
 */
export function openLog(config: Config, logger: Logger, broker = new MemoryBroker()): Log {
  const { input, lanes, kafka } = config;
  // Without a log the embedded one stands there, and nobody writes to it.
  if (config.log !== 'kafka') {
    const topics = [input.topic, ...outputTopics(config)];
    for (const topic of topics) {
      broker.createTopic(topic, config.memory.partitions, config.memory.bytesPerPartition);
    }
    const source = new MemorySource(broker, {
      groupId: kafka['group.id'],
      topic: input.topic,
      reset: kafka['auto.offset.reset'],
      fetchBytesMax: kafka['max.partition.fetch.bytes'],
    });
    return { source, sink: new MemorySink(broker) };
  }
  const client = createKafka(
    kafka,
    intoLog(logger, () => connected.has(sink)),
  );
  let sink: Sink;
  const { topic } = input;
  const { onOutOfRange } = lanes;
  if (kafka['transactional.id'] === undefined) {
    const source = new KafkaSource(client, { topic, settings: kafka, onOutOfRange });
    sink = new KafkaSink(client, kafka);
    return { source, sink };
  }
  const transactional = new TransactionalSink(client, kafka, (why) => {
    logger.warn(`joining again: ${why}`);
    void source.rejoin();
  });
  const source = new KafkaSource(client, {
    topic,
    settings: kafka,
    onOutOfRange,
    transactions: transactional,
  });
  sink = transactional;
  return { source, sink };
}

/** Throws `ConfigError` for a command that works on the topics of a broker only. */
export function requireKafka({ log }: Config, command: string): void {
  if (log === 'kafka') return;
  const why =
    log === 'none' ? 'without a log there are no topics' : 'the embedded log lives inside of the daemon only';
  throw new ConfigError([`log: expected kafka for ${command}, found "${log}": ${why}`]);
}

/**
 * The sink alone, for commands that only write: they answer nothing, so they have no offset to
 * commit.
 */
export function openSink(config: Config, logger: Logger): Sink {
  const kafka = { ...config.kafka, 'transactional.id': undefined };
  return openLog({ ...config, kafka }, logger).sink;
}

interface StartPatience {
  readonly logger: Logger;
  readonly failFast: boolean;
  readonly signal?: AbortSignal;
  readonly onNotReady?: (why: string) => void;
}

/** Those that have been connected. Who waits for a first connection says so itself. */
const connected = new WeakSet<Sink>();

/** Connects, and keeps trying while the broker is away or silent, saying so. */
export async function connectSink(sink: Sink, config: Config, patience: Patience): Promise<void> {
  const where = `no broker at ${config.kafka['bootstrap.servers']}`;
  const hopeless = hopelessFor(config, config.output.topic, 'Write');
  await keepTrying(() => sink.start(), {
    where,
    ...patience,
    hopeless,
    describe: (error) => unreachable(error, config.kafka),
  });
  connected.add(sink);
}

/** For a start that waits for what is not there, unless it is told to fail. */
export const patienceOfStart = (
  config: Config,
  { logger, failFast, signal, onNotReady }: StartPatience,
): Patience => ({
  ...impatient(config, logger),
  ...(signal === undefined ? {} : { signal }),
  ...(onNotReady === undefined ? {} : { onNotReady }),
  ...(failFast
    ? {}
    : { failAfterMs: undefined, refusedUntilMs: performance.now() + config.lanes.rightsTimeout }),
});

/**
 * For commands that do not wait for what is not there. A broker that says nothing has the time of
 * one request.
 */
export const impatient = (config: Config, logger: Logger): Patience => ({
  logger,
  signal: new AbortController().signal,
  failAfterMs: config.kafka['request.timeout.ms'],
});
