// `scorelane models list`: the models of a repository, their versions, and what each has for which
// backend.

import { EXIT } from '../base/errors.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { versionsIn } from '../model/repository.ts';
import { withRepository } from './models-options.ts';
import type { Register } from './options.ts';
import { say } from './say.ts';

function list(repository: string): number {
  const versions = versionsIn(repository);
  if (versions.length === 0) say(`no models in ${repository}`);
  for (const { model, version, folder } of versions) say(`${model} ${version}  ${contentOf(folder)}`);
  return EXIT.ok;
}

/** One that is broken is told in its line: the others are of interest all the same. */
function contentOf(folder: string): string {
  try {
    const manifest = readManifest(folder);
    const { artefacts, outputs, width } = manifest;
    const backends = [
      ...(artefacts.savedModel === undefined ? [] : ['native']),
      ...(artefacts.web === undefined ? [] : ['wasm', 'cpu']),
      ...(artefacts.onnx === undefined ? [] : ['onnx']),
    ];
    return [
      backends.join(', '),
      `${width} columns to ${outputs.map(({ as }) => as).join(', ')}`,
      `${readGolden(manifest).length} golden records`,
    ].join('  ');
  } catch (error) {
    if (error instanceof ModelError) return `cannot be served: ${error.message}`;
    throw error;
  }
}

export const registerList: Register = (models, finish) => {
  withRepository(models.command('list').description('the models and versions of a repository')).action(
    ({ repository }: { readonly repository: string }) => {
      finish(list(repository));
    },
  );
};
