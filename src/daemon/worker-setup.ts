// What worker threads are told of a configuration: how records are read, scored and written.

import { conditionTrouble, parseCondition } from '../answers/condition.ts';
import { nameTwice } from '../answers/result-names.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { rowsAsNumbers } from '../model/cells.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { type ResultField, resultFields } from '../model/result-columns.ts';
import type { ReadingSetup } from '../reading/reading-setup.ts';
import type { Route, ScorerSetup } from '../worker-protocol/messages.ts';
import { avroSetup } from './avro-setup.ts';
import { workerCount } from './engine-limits.ts';

/**
 * Throws `ConfigError` for ids that a result has no room for, and what is wrong with the settings
 * of Avro.
 */
export function scorerSetup(
  config: Config,
  model: Pick<ScorerSetup, 'modelFolder' | 'backend' | 'resultFrame'>,
  job = '',
): ScorerSetup {
  const { output, deadLetters, scoring, limits, tracing } = config;
  const manifest = readManifest(model.modelFolder);
  if (output.features && rowsAsNumbers(manifest.tensors) === null)
    throw new ConfigError([
      'output.features: expected false for a model with a tensor of text, found true: features are numbers',
    ]);
  const names = resultFields(manifest, []).map(({ name }) => name);
  const twice = nameTwice(output.ids, names, output.features);
  if (twice !== undefined)
    throw new ConfigError([
      `output.ids: "${twice}" would stand twice in a result, expected no name of an output, of another id, model or version`,
    ]);
  return {
    job,
    ...model,
    ...readingSetup(config),
    resultFormat: output.format,
    idPaths: output.ids,
    results: output.topic,
    deadLetters: deadLetters.topic,
    routes: routesOf(output, resultFields(manifest, readGolden(manifest))),
    ...(config.model.shadowTopic === undefined ? {} : { shadows: config.model.shadowTopic }),
    deadLetterDialects: deadLetters.dialects,
    compression: output.compression,
    predictRecordsMax: scoring.predictRecords,
    resultBatchBytesMax: limits.resultBatchBytes,
    inflatedBytesMax: limits.inflatedBytes,
    recordBytesMax: limits.recordBytes,
    headersMax: limits.headers,
    features: output.features,
    tracing:
      tracing.endpoint === 'none'
        ? null
        : {
            sampling: tracing.sampling,
            recordsPerSecond: tracing.recordsPerSecond / workerCount(config),
          },
  };
}

/** Throws `ConfigError` for a condition that fits no result of these fields. */
function routesOf({ routes }: Config['output'], fields: readonly ResultField[]): Route[] {
  return Object.entries(routes).map(([topic, condition]) => {
    const when = parseCondition(condition);
    const trouble = conditionTrouble(when, fields);
    if (trouble !== null) throw new ConfigError([`output.routes: ${topic}: ${trouble}`]);
    return { topic, when };
  });
}

/**
 * How the input is read, and what of it is skipped. Throws what is wrong with the settings of Avro.
 */
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
