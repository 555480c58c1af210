// What reading and writing Avro needs to know before it begins: schemas from files, and the number
// of the results' own.

import { readFileSync } from 'node:fs';
import { avroOutputs, resultSchema } from '../answers/avro-result-schema.ts';
import { type AvroOptions, AvroReader, frameOf } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import { RegistryError, type RegistryOptions, SchemaRegistry } from '../codec/registry.ts';
import { ConfigError } from '../config/load.ts';
import { registryUsers } from '../config/registry-users.ts';
import type { Config } from '../config/schema.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { UnavailableError } from './errors.ts';
import { keepTrying, type Patience } from './keep-trying.ts';

/** Throws what reading a schema's file throws, and `ConfigError`. */
export function avroSetup(config: Config): ScorerSetup['avro'] {
  const { input, registry } = config;
  const schema = input.schema === undefined ? null : readFileSync(input.schema, 'utf8');
  const writers = input.writers.map((file) => readFileSync(file, 'utf8'));
  const asked = input.framing === 'confluent' ? registryOf(config, 'input.format') : null;
  const options = { framing: input.framing, schema, writers, schemasMax: registry.schemas };
  if (schema !== null) sound(`input.schema: ${input.schema}`, { ...options, writers: [] });
  input.writers.forEach((file, index) => {
    sound(`input.writers: ${file}`, { ...options, schema: null, writers: [writers[index] as string] });
  });
  return { ...options, registry: asked };
}

/**
 * Asks the registry, where one is used, for any schema at all. Resolves to its address. Rejects
 * with `UnavailableError`.
 */
export async function askRegistry(config: Config): Promise<string | null> {
  if (registryUsers(config).length === 0) return null;
  const options = registryOf(config, 'input.format or output.format');
  try {
    // The registry need not know this schema: that it answers is enough.
    await new SchemaRegistry(options).schema(1);
  } catch (error) {
    throw new UnavailableError((error as Error).message, { cause: error });
  }
  return options.url;
}

/** Throws `ConfigError` where workers could not read by a schema. */
function sound(where: string, options: AvroOptions): void {
  try {
    new AvroReader({ ...options, framing: 'single-object' });
  } catch (error) {
    throw new ConfigError([`${where}: ${(error as Error).message}`]);
  }
}

/**
 * What stands before each result, nothing unless it is Avro. Registers the schema where the frame
 * has its number, and waits for the registry as its patience says. Rejects with `ConfigError`, and
 * `UnavailableError`.
 */
export async function resultFrame(
  config: Config,
  modelFolder: string,
  patience: Patience,
): Promise<Uint8Array> {
  const { format, framing, topic, compatibility } = config.output;
  if (format !== 'avro') return new Uint8Array(0);
  const schema = schemaOfResults(config, modelFolder);
  if (framing !== 'confluent') return frameOf(framing, schema, 0);
  const registry = new SchemaRegistry(registryOf(config, 'output.format'));
  const subject = `${topic}-value`;
  const found = await keepTrying(() => registry.register(subject, schema, compatibility), {
    where: 'the schema of the results cannot be registered',
    ...patience,
    hopeless: (error) => (error instanceof RegistryError ? undefined : error),
  });
  if (!(found instanceof SchemaError)) return frameOf(framing, schema, found);
  throw refused(subject, compatibility, schema, found);
}

const refused = (subject: string, compatibility: string, schema: string, why: SchemaError): ConfigError =>
  new ConfigError([
    `output.compatibility: the registry refuses the schema of the results for ${subject}, expected one that is ${compatibility}: ` +
      `${why.message}. The schema: ${schema}`,
  ]);

/**
 * Asks the registry whether it would take the schema of the results; registers nothing. Resolves to
 * what there is to say, or to null if none is registered. Rejects with `ConfigError` and
 * `RegistryError`.
 */
export async function askForResults(
  config: Config,
  modelFolder: string,
): Promise<{ readonly isKnown: boolean; readonly message: string } | null> {
  const { format, framing, topic, compatibility } = config.output;
  if (format !== 'avro' || framing !== 'confluent') return null;
  const schema = schemaOfResults(config, modelFolder);
  const subject = `${topic}-value`;
  const registry = new SchemaRegistry(registryOf(config, 'output.format'));
  const found = await registry.wouldTake(subject, schema, compatibility);
  if (found instanceof SchemaError) throw refused(subject, compatibility, schema, found);
  if (found !== null)
    return { isKnown: true, message: `the registry takes the schema of the results, ${subject}` };
  return {
    isKnown: false,
    message:
      `whether the registry takes the schema of the results is not known: ${subject} has another compatibility than ` +
      `output.compatibility now, which run sets at its start`,
  };
}

/** The schema of the results in Avro, as JSON. Throws `ConfigError`. */
export function schemaOfResults({ output: { ids, features } }: Config, modelFolder: string): string {
  const manifest = readManifest(modelFolder);
  const outputs = avroOutputs(manifest, readGolden(manifest), features);
  try {
    return resultSchema({ idPaths: ids, outputs });
  } catch (error) {
    throw new ConfigError([`output.ids: ${(error as Error).message}`]);
  }
}

/** How to ask the registry, which `key` needs. Throws `ConfigError` if none is configured. */
export function registryOf({ registry }: Config, key: string): RegistryOptions {
  const { url, username, password, timeout: timeoutMs } = registry;
  if (url !== undefined) return { url, username, password, timeoutMs };
  throw new ConfigError([`registry.url: expected the address of a schema registry, for ${key} is avro`]);
}
