// The model that a configuration names: where it lies, and what runs it.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Codec } from '../codec/codec.ts';
import { codecs } from '../codec/codecs.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { probeBackends } from '../model/backend-probe.ts';
import type { BackendChoice } from '../model/choose.ts';
import { readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { findVersion, versionsOf } from '../model/repository.ts';
import { readLabels } from '../versions/labels.ts';
import { wantedVersion } from '../versions/wanted-version.ts';

/** Chooses the backend for the configured model. Throws `ModelError` or `BackendMissingError`. */
export async function backendFor(config: Config): Promise<BackendChoice> {
  const { model, scoring } = config;
  const folder = modelFolder(config);
  refuseOtherName(folder);
  return probeBackends({
    modelFolder: folder,
    wanted: model.backend,
    batchRecords: scoring.predictRecords,
  });
}

/** Results say what model.yaml says: it must be what the folders say, by which models are found. */
export function refuseOtherName(folder: string): void {
  const { name, version } = readManifest(folder);
  const [foundAs, versionFoundAs] = [basename(dirname(folder)), basename(folder)];
  if (name !== foundAs || version !== versionFoundAs)
    throw new ModelError(
      `${join(folder, 'model.yaml')}: expected name: ${foundAs} and version: ${versionFoundAs}, as its folders are called, ` +
        `found name: ${name} and version: ${version}`,
    );
}

/** Throws `ModelError`, also where labels.yaml says nothing of the label that is configured. */
export function modelFolder({ model: { repository, name, version: policy } }: Config): string {
  const versions = versionsOf(repository, name);
  const labels = readLabels(repository, name);
  const { version, why } = wantedVersion(policy, { versions, labels, refused: new Set() });
  if (version !== null) return findVersion(repository, name, version);
  throw new ModelError(`model ${name} in ${repository}: ${why}; \`scorelane models promote\` sets labels`);
}

/** The fitted numbers of the load source, beside the model. Throws `ConfigError` without them. */
export function generatorFile(config: Config): string {
  const file = join(modelFolder(config), 'generator.json');
  if (existsSync(file)) return file;
  throw new ConfigError([
    `generate.kind: expected transactions (--generate transactions), found fitted: ${file} is not there. ` +
      'Records of your own: generate.file, or --json FILE or --csv FILE',
  ]);
}

/** What the load source writes the input with. Throws `ConfigError`. */
export function writingCodec({ input }: Config): Codec {
  if (input.format !== 'avro') return codecs[input.format];
  throw new ConfigError([
    'input.format: expected msgpack or json to generate records, found "avro": avro is read only',
  ]);
}
