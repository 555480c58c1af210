// The model repository: native-models/<model>/<version>/. Finds a version's folder, and knows
// nothing of its content.

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { folderTrouble } from '../written/file-trouble.ts';
import { didYouMean } from '../written/nearest.ts';
import { ModelError } from './model-error.ts';
import { compareVersions } from './version-order.ts';

export type VersionWanted = number | string;

/**
 * Resolves to the absolute folder of a version; `latest` is the highest number. Throws
 * `ModelError`.
 */
export function findVersion(repository: string, model: string, wanted: VersionWanted): string {
  const root = resolve(repository);
  const versions = versionsOf(repository, model);
  if (wanted === 'latest') {
    const highest = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))[0];
    if (highest === undefined)
      throw new ModelError(`expected a version of model "${model}" in ${root}, found none with a number`);
    return join(root, model, highest);
  }
  if (!versions.includes(String(wanted))) {
    throw new ModelError(
      `expected a version of model "${model}", one of ${versions.join(', ') || 'none'}, found no ${wanted}`,
    );
  }
  return join(root, model, String(wanted));
}

/** The names of a model's versions. Throws `ModelError`, also where there is no such model. */
export function versionsOf(repository: string, model: string): string[] {
  const root = resolve(repository);
  const models = modelsIn(root);
  if (!models.includes(model))
    throw new ModelError(`expected a model in ${root}, found no "${model}"${didYouMean(model, models)}`);
  return foldersIn(join(root, model), `model ${model}`);
}

export interface VersionFolder {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
}

/** All of a repository: by name, and the highest number last. Throws `ModelError`. */
export function versionsIn(repository: string): VersionFolder[] {
  const root = resolve(repository);
  return modelsIn(root)
    .toSorted()
    .flatMap((model) =>
      foldersIn(join(root, model), `model ${model}`)
        .toSorted(compareVersions)
        .map((version) => ({ model, version, folder: join(root, model, version) })),
    );
}

const modelsIn = (root: string): string[] =>
  foldersIn(root, `model repository ${root} (model.repository, or --repository)`);

/** What an import is writing has a dot in front. */
function foldersIn(folder: string, what: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch (error) {
    throw new ModelError(`${what}: ${folderTrouble(error)}`, { cause: error });
  }
}
