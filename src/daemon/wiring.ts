// From the configuration to parts: the log and its adapters, the model, the engine's limits. Shared by the commands.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { nameTwice } from '../answers/result-names.ts';
import { Seldom } from '../base/seldom.ts';
import type { Codec } from '../codec/codec.ts';
import { codecs } from '../codec/codecs.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../engine/ports.ts';
import type { EngineLimits } from '../engine/state.ts';
import { createKafka } from '../kafka/client.ts';
import { unreachable } from '../kafka/refusal.ts';
import { KafkaSink } from '../kafka/sink.ts';
import { KafkaSource } from '../kafka/source.ts';
import { TransactionalSink } from '../kafka/transactional-sink.ts';
import type { Sink, Source } from '../log/ports.ts';
import { MemoryBroker } from '../memory/broker.ts';
import { MemorySink } from '../memory/sink.ts';
import { MemorySource } from '../memory/source.ts';
import { probeBackends } from '../model/backend-probe.ts';
import type { BackendChoice } from '../model/choose.ts';
import { keepsState, readManifest } from '../model/manifest.ts';
import { findVersion } from '../model/repository.ts';
import { PartitionCounter } from '../pool/partition-counter.ts';
import type { ReadingSetup } from '../reading/reading-setup.ts';
import type { Logger } from '../telemetry/log.ts';
import { after } from '../time/timer.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { avroSetup } from './avro-setup.ts';
import { changesInWords } from './counts.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { hopelessFor } from './rights.ts';

export interface Log {
  readonly source: Source;
  readonly sink: Sink;
}

/** The source and the sink of the configured log. Nothing is connected yet. */
export function openLog(config: Config, logger: Logger): Log {
  const { input, lanes, kafka } = config;
  if (config.log === 'memory') {
    const broker = new MemoryBroker();
    for (const { topic } of [config.input, config.output, config.deadLetters]) {
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
  const client = createKafka(kafka, (level, message, details) => logger[level](details, message));
  const { topic } = input;
  const { onOutOfRange } = lanes;
  if (kafka['transactional.id'] === undefined) {
    const source = new KafkaSource(client, { topic, settings: kafka, onOutOfRange });
    return { source, sink: new KafkaSink(client, kafka) };
  }
  const sink = new TransactionalSink(client, kafka, (why) => {
    logger.warn(`joining anew: ${why}`);
    void source.rejoin();
  });
  const source = new KafkaSource(client, { topic, settings: kafka, onOutOfRange, transactions: sink });
  return { source, sink };
}

/** The sink alone, for commands that only write: they answer nothing, so they have no offset to commit. */
export function openSink(config: Config, logger: Logger): Sink {
  const kafka = { ...config.kafka, 'transactional.id': undefined };
  return openLog({ ...config, kafka }, logger).sink;
}

/** Connects, and keeps trying while the broker is away or silent, saying so. */
export function connectSink(sink: Sink, config: Config, patience: Patience): Promise<void> {
  const where = `no broker at ${config.kafka['bootstrap.servers']}`;
  const hopeless = hopelessFor(config, config.output.topic, 'Write');
  return keepTrying(() => sink.start(), {
    where,
    ...patience,
    hopeless,
    describe: (error) => unreachable(error, config.kafka),
  });
}

/** What is not there at once is not waited for, and a broker that says nothing no longer than for an answer. */
export const impatient = (config: Config, logger: Logger): Patience => ({
  logger,
  signal: new AbortController().signal,
  failAfterMs: config.kafka['request.timeout.ms'],
});

/** Chooses the backend for the configured model. Throws `ModelError` or `BackendMissingError`. */
export function backendFor(config: Config): Promise<BackendChoice> {
  const { model, scoring } = config;
  return probeBackends({
    modelFolder: modelFolder(config),
    wanted: model.backend,
    batchRecords: scoring.predictRecords,
  });
}

export const modelFolder = ({ model }: Config): string =>
  findVersion(model.repository, model.name, model.version);

/** The fitted numbers of the load source, beside the model. */
export const generatorFile = (config: Config): string => join(modelFolder(config), 'generator.json');

/** What the load source writes the input with. Throws `ConfigError`. */
export function writingCodec({ input }: Config): Codec {
  if (input.format !== 'avro') return codecs[input.format];
  throw new ConfigError(['input.format: the load source writes msgpack and json; avro is read only']);
}

export const workerCount = ({ scoring }: Config): number =>
  scoring.workers === 'auto' ? Math.max(1, availableParallelism() - 1) : scoring.workers;

/** Tasks with the pool for each worker: one in work, one waiting, so that no worker waits for the main thread. */
const TASKS_PER_WORKER = 2;

export function engineLimits(config: Config): EngineLimits {
  const { microBatch, lanes, kafka, deadLetters } = config;
  return {
    microBatch: { recordsMax: microBatch.records, bytesMax: microBatch.bytes, lingerMs: microBatch.linger },
    inFlightMax: lanes.inFlight,
    scoringMax: workerCount(config) * TASKS_PER_WORKER,
    budgetBytes: lanes.budget,
    fetchBytesMax: kafka['max.partition.fetch.bytes'],
    commitIntervalMs: lanes.commitInterval,
    retryMs: lanes.retry,
    retryMsMax: lanes.retryMax,
    stallAfterMs: lanes.stallAfter,
    flood: { share: deadLetters.floodShare, recordsMin: deadLetters.floodRecords },
    producesTogether: kafka['transactional.id'] !== undefined,
  };
}

/** Throws `ConfigError` for ids that a result has no room for, and what is wrong with the settings of Avro. */
export function scorerSetup(
  config: Config,
  model: Pick<ScorerSetup, 'modelFolder' | 'backend' | 'resultFrame'>,
): ScorerSetup {
  const { output, deadLetters, scoring, limits } = config;
  const twice = nameTwice(output.ids, readManifest(model.modelFolder).outputs, output.features);
  if (twice !== undefined)
    throw new ConfigError([
      `output.ids: "${twice}" would stand twice in a result, expected no name of an output, of another id, model or version`,
    ]);
  return {
    ...model,
    ...readingSetup(config),
    resultFormat: output.format,
    idPaths: output.ids,
    results: output.topic,
    deadLetters: deadLetters.topic,
    deadLetterDialects: deadLetters.dialects,
    compression: output.compression,
    predictRecordsMax: scoring.predictRecords,
    resultBatchBytesMax: limits.resultBatchBytes,
    inflatedBytesMax: limits.inflatedBytes,
    recordBytesMax: limits.recordBytes,
    headersMax: limits.headers,
    features: output.features,
  };
}

/** Rejects with `MissingTopicError`. */
export function countPartitions(config: Config, sink: Sink, logger: Logger): Promise<PartitionCounter> {
  const topics = {
    input: config.input.topic,
    results: config.output.topic,
    deadLetters: config.deadLetters.topic,
  };
  const about = { topics, keepsState: keepsState(readManifest(modelFolder(config))) };
  const seldom = new Seldom();
  return PartitionCounter.start({
    sink,
    topics,
    onChanged: (before, now) => {
      for (const line of changesInWords(before, now, about)) logger.warn(line);
    },
    // It is asked as often as lanes need it.
    onUnknown: ({ message }) => {
      if (seldom.repeatsOf(message) !== null) logger.warn(`partitions could not be counted: ${message}`);
    },
  });
}

/** How the input is read, and what of it is skipped. Throws what is wrong with the settings of Avro. */
export const readingSetup = (config: Config): ReadingSetup => {
  const { input, limits } = config;
  return {
    inputFormat: input.format,
    avro: input.format === 'avro' ? avroSetup(config) : null,
    json: {
      isFramed: input.framing === 'confluent',
      schemas: input.schemas,
      notFinite: input.notFinite === 'read',
    },
    nestingMax: limits.nesting,
    only: input.only,
    tombstones: input.tombstones,
  };
};

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  setTimer(atMs, callback) {
    return after(Math.max(0, Math.ceil(atMs - performance.now())), callback);
  },
};
