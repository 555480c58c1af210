// `scorelane models list`: the models of a repository, their versions, and what each has for which
// backend.

import { EXIT } from '../base/errors.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { type VersionFolder, versionsIn } from '../model/repository.ts';
import { withRepository } from './models-options.ts';
import type { Register } from './options.ts';
import { say } from './say.ts';

interface Listed {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
  /** Null where `trouble` says why it cannot be served. */
  readonly content: {
    readonly backends: readonly string[];
    /** Columns of features. */
    readonly columns: number;
    /** As results name them. */
    readonly outputs: readonly string[];
    readonly goldenRecords: number;
  } | null;
  readonly trouble: string | null;
}

function list(repository: string, isJson: boolean): number {
  const versions = versionsIn(repository).map(listed);
  if (isJson) say(JSON.stringify(versions, null, 2));
  else if (versions.length === 0) say(`no models in ${repository}`);
  else for (const each of versions) say(`${each.model} ${each.version}  ${inWords(each)}`);
  return EXIT.ok;
}

/** One that is broken is told in its place: the others are of interest all the same. */
function listed({ model, version, folder }: VersionFolder): Listed {
  try {
    const manifest = readManifest(folder);
    const { artefacts, outputs, width: columns } = manifest;
    const backends = [
      ...(artefacts.savedModel === undefined ? [] : ['native']),
      ...(artefacts.web === undefined ? [] : ['wasm', 'cpu']),
      ...(artefacts.onnx === undefined ? [] : ['onnx']),
    ];
    const names = outputs.map(({ as }) => as);
    const content = { backends, columns, outputs: names, goldenRecords: readGolden(manifest).length };
    return { model, version, folder, content, trouble: null };
  } catch (error) {
    if (error instanceof ModelError) return { model, version, folder, content: null, trouble: error.message };
    throw error;
  }
}

function inWords({ content, trouble }: Listed): string {
  if (content === null) return `cannot be served: ${trouble}`;
  const { backends, columns, outputs, goldenRecords } = content;
  return [
    backends.join(', '),
    `${columns} columns to ${outputs.join(', ')}`,
    `${goldenRecords} golden records`,
  ].join('  ');
}

export const registerList: Register = (models, finish) => {
  withRepository(
    models
      .command('list')
      .description('the models and versions of a repository')
      .option('--json', 'print them as JSON', false),
  ).action(({ repository, json }: { readonly repository: string; readonly json: boolean }) => {
    finish(list(repository, json));
  });
};
