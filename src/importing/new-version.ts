// Adds a version to a model of the repository. Its folder is made beside the models, and renamed
// into its place when it is whole. A version that is there is never touched.

import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OwnFolder } from '../files/own-folder.ts';
import { ModelError } from '../model/model-error.ts';

export interface NewVersion {
  readonly repository: string;
  readonly name: string;
  /** The next free one unless given. */
  readonly version?: number | undefined;
}

/** `write` fills an empty folder. Rejects with `ModelError`, and with what `write` rejects with. */
export async function addVersion<T>(
  wanted: NewVersion,
  write: (draft: string, version: number) => Promise<T>,
): Promise<{ readonly folder: string; readonly written: T }> {
  const model = resolve(wanted.repository, nameOf(wanted.name));
  const version = freeVersion(model, wanted);
  // Beside the models, where every later one deletes what a killed one has left.
  const own = new OwnFolder(resolve(wanted.repository), '.import-');
  try {
    const draft = join(own.path, String(version));
    mkdirSync(draft);
    const written = await write(draft, version);
    const folder = join(model, String(version));
    if (existsSync(folder)) throw occupied(model, version);
    mkdirSync(model, { recursive: true });
    renameSync(draft, folder);
    return { folder, written };
  } finally {
    await own.close();
  }
}

/** Names of folders of the repository: nothing that leads elsewhere. */
function nameOf(name: string): string {
  if (/^[\w][\w.-]*$/.test(name)) return name;
  throw new ModelError(
    `--name: expected letters, digits, "-", "_" and ".", which can name a folder, found ${JSON.stringify(name)}`,
  );
}

function freeVersion(model: string, { version }: NewVersion): number {
  if (version === undefined) return nextFree(model);
  if (existsSync(join(model, String(version)))) throw occupied(model, version);
  return version;
}

function nextFree(model: string): number {
  const names = existsSync(model) ? readdirSync(model) : [];
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number)) + 1;
}

const occupied = (model: string, version: number): ModelError =>
  new ModelError(
    `${join(model, String(version))}: expected a version that is free, found one that is there; the next free one is ${nextFree(model)}`,
  );
