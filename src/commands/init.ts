// `scorelane init`: writes a first configuration from the last records of a topic and a model, and
// says whether they fit.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import { fieldsRead } from '../features/reads.ts';
import { readPlan } from '../model/manifest.ts';
import { findVersion } from '../model/repository.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import {
  configText,
  type FoundFormat,
  formatOfValues,
  idIn,
  type MissingField,
  missingFields,
} from './first-config.ts';
import { lastRecords } from './last-records.ts';
import { collect, loadJob, type Register } from './options.ts';
import { say } from './say.ts';
import { withTopics } from './with-topics.ts';

export interface InitOptions {
  readonly topic: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly repository: string;
  readonly brokers: string;
  readonly output?: string;
  readonly deadLetters?: string;
  readonly out: string;
  /** How to log in. It is used, and not written: secrets do not belong into a file. */
  readonly set: readonly string[];
}

const RECORDS = 100;

/** Ends with 0, or with 65 where records lack fields that the model reads; the file is written. */
export async function init(options: InitOptions): Promise<number> {
  const { topic, brokers, out } = options;
  if (existsSync(out)) throw new CannotWriteError(`${out}: expected a name that is free, found a file`);
  const folder = findVersion(options.repository, options.model, options.modelVersion);
  const plan = readPlan(folder);
  const values = await lastValues(options);
  if (values.length === 0)
    throw new ConfigError([`--topic ${topic}: expected records to look at, found none; produce some first`]);
  const found = formatOfValues(values);
  if (found === null)
    throw new ConfigError([
      `--topic ${topic}: expected values that are JSON objects, MessagePack maps, or Avro behind Confluent's frame, found others; ` +
        'Avro in other frames: write the configuration by hand (input.format, input.framing)',
    ]);
  const missing = missingFields(fieldsRead(plan.inputs, plan.windows), found.values);
  const text = configText({
    brokers,
    topic,
    output: options.output ?? `${topic}-scores`,
    deadLetters: options.deadLetters ?? `${topic}-dead-letters`,
    model: {
      name: options.model,
      version: basename(folder),
      repository: resolve(options.repository),
    },
    format: found.format,
    id: idIn(found.values),
    records: values.length,
  });
  try {
    writeFileSync(out, text, { flag: 'wx' });
  } catch (error) {
    throw new CannotWriteError(`${out}: ${fileTrouble(error, out, 'write')}`, { cause: error });
  }
  return report(found, values.length, missing, out);
}

function report(
  { format }: FoundFormat,
  records: number,
  missing: readonly MissingField[],
  out: string,
): number {
  say(`${records} records: ${format}`);
  if (format === 'avro') say('their fields were not compared with the model: set registry.url, then check');
  else if (missing.length === 0) say('they have all fields that the model reads');
  for (const field of missing)
    say(
      `missing: ${field.path}, in ${field.missing} of them` +
        (field.near === undefined ? '' : `; did you mean "${field.near}"? The paths stand in model.yaml`),
    );
  say(`wrote ${out}; next: scorelane check --config ${out}`);
  return missing.length === 0 ? EXIT.ok : EXIT.data;
}

/** The bytes of the last values; tombstones have none. */
async function lastValues({ topic, brokers, set }: InitOptions): Promise<Uint8Array[]> {
  const config = looking(topic, brokers, set);
  return withTopics(
    config,
    'init',
    async (topics) => {
      const ranges = await topics.ranges(topic);
      const last = await lastRecords(topics, topic, ranges, RECORDS, config.limits.inflatedBytes);
      return last
        .filter(({ valueStart }) => valueStart >= 0)
        .map(({ bytes, valueStart, valueEnd }) => bytes.subarray(valueStart, valueEnd));
    },
    [topic],
  );
}

/** As much of a configuration as it takes to read the topic. */
function looking(topic: string, brokers: string, set: readonly string[]): Config {
  const folder = mkdtempSync(join(tmpdir(), 'scorelane-init-'));
  try {
    const file = join(folder, 'init.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        log: 'kafka',
        input: { topic },
        output: { topic: 'results' },
        deadLetters: { topic: 'dead-letters' },
        model: { name: 'none' },
        telemetry: { logLevel: 'warn' },
        kafka: { 'bootstrap.servers': brokers },
      }),
    );
    return loadJob({ config: file, set }).config;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const registerInit: Register = (program, finish) => {
  program
    .command('init')
    .description('write a first configuration from the records of a topic and a model')
    .requiredOption('--topic <name>', 'the topic to score; its last records are looked at')
    .requiredOption('--model <name>', 'a model of the repository')
    .option('--model-version <version>', 'one of its versions', 'latest')
    .option('--repository <folder>', 'where the models lie', 'native-models')
    .option('--brokers <addresses>', 'the first brokers to contact', 'localhost:9092')
    .option('--output <topic>', 'where results go; else the topic with -scores')
    .option('--dead-letters <topic>', 'where dead letters go; else the topic with -dead-letters')
    .option('--out <file>', 'the file to write', 'scorelane.yaml')
    .option('--set <key=value>', 'a key that is needed to log in; used, and not written', collect, [])
    .action(async (options: InitOptions) => {
      finish(await init(options));
    });
};
