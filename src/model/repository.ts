// The model repository: native-models/<model>/<version>/. Finds a version's folder, and knows
// nothing of its content.

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { ModelError } from './manifest.ts';

export type VersionWanted = number | string;

/**
 * Resolves to the absolute folder of a version; `latest` is the highest number. Throws
 * `ModelError`.
 */
export function findVersion(repository: string, model: string, wanted: VersionWanted): string {
  const root = resolve(repository);
  const models = foldersIn(root, `model repository ${root}`);
  if (!models.includes(model)) {
    const hint = models.length > 0 ? `; did you mean "${closest(model, models)}"?` : '';
    throw new ModelError(`no model "${model}" in ${root}${hint}`);
  }
  const versions = foldersIn(join(root, model), `model ${model}`);
  if (wanted === 'latest') {
    const highest = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))[0];
    if (highest === undefined) throw new ModelError(`model "${model}" in ${root} has no numbered version`);
    return join(root, model, highest);
  }
  if (!versions.includes(String(wanted))) {
    throw new ModelError(
      `model "${model}" has no version ${wanted}; there are: ${versions.join(', ') || 'none'}`,
    );
  }
  return join(root, model, String(wanted));
}

function foldersIn(folder: string, what: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    throw new ModelError(`cannot read ${what}: ${(error as Error).message}`, { cause: error });
  }
}
