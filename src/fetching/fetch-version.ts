// A version from an archive on a server to its place in the repository: downloaded, compared with
// its checksum, unpacked, read, and only then renamed into its place. What fails leaves nothing.

import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { OwnFolder } from '../files/own-folder.ts';
import { type ModelManifest, readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { type DownloadOptions, download } from './download.ts';
import { ORIGIN_FILE, originOf, readOrigin } from './origin.ts';
import { unpack } from './unpack.ts';

export interface WantedArchive {
  readonly url: URL;
  /** 64 digits of hexadecimal. */
  readonly sha256: string;
  readonly repository: string;
  /** What the model.yaml inside must say; whatever it says unless given. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

export interface FetchedVersion {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** False where it was there already, from an archive with the same checksum. */
  readonly isNew: boolean;
}

/** A model has some tens of files. */
const ENTRIES_MAX = 1_000;

/** What folders may be called: nothing that leads elsewhere, or is passed over. */
const FOLDER_NAME = /^[A-Za-z0-9_][\w.-]{0,127}$/;

/**
 * Rejects with `ModelSourceError` where the server does not give the archive, with `ModelError` for
 * what is wrong with it, and with the reason of the signal.
 */
export async function fetchVersion(wanted: WantedArchive, options: DownloadOptions): Promise<FetchedVersion> {
  const { url, sha256, name, version } = wanted;
  const repository = resolve(wanted.repository);
  const there = name === undefined || version === undefined ? null : join(repository, name, version);
  if (there !== null && existsSync(there)) return alreadyThere(there, wanted);
  makeFolder(repository);
  // Beside the models, where later ones delete what a killed one has left.
  const own = new OwnFolder(repository, '.import-');
  try {
    const [archive, draft] = [join(own.path, 'archive'), join(own.path, 'draft')];
    await download(url, sha256, archive, options);
    await mkdir(draft);
    await unpack(archive, draft, { bytesMax: options.bytesMax, entriesMax: ENTRIES_MAX });
    const root = await rootOf(draft);
    const manifest = manifestIn(root, wanted);
    await writeFile(join(root, ORIGIN_FILE), originOf(url, sha256), { flush: true });
    return await place(root, join(repository, manifest.name, manifest.version), wanted, manifest);
  } finally {
    await own.close();
  }
}

/** The folder with model.yaml: the top of the archive, or the one folder in which all of it is. */
async function rootOf(draft: string): Promise<string> {
  for (let folder = draft; ; ) {
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.some((entry) => entry.isFile() && entry.name === 'model.yaml')) return folder;
    const [only, ...others] = entries;
    if (only === undefined || !only.isDirectory() || others.length > 0) {
      const names = entries.map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
      throw new ModelError(
        'the archive: expected model.yaml at its top, or in the one folder that is there, found ' +
          `${names.slice(0, NAMES_SHOWN).join(', ') || 'nothing'}`,
      );
    }
    folder = join(folder, only.name);
  }
}

const NAMES_SHOWN = 5;

/** Its names are those of folders, and by them results say what has scored them. */
function manifestIn(root: string, { name, version }: WantedArchive): ModelManifest {
  let manifest: ModelManifest;
  try {
    manifest = readManifest(root);
    readGolden(manifest);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    // The folder of the draft says nothing to anybody.
    throw new ModelError(`the archive: ${error.message.replaceAll(`${root}/`, '')}`, { cause: error });
  }
  for (const [key, found, expected] of [
    ['name', manifest.name, name],
    ['version', manifest.version, version],
  ] as const) {
    if (expected !== undefined && found !== expected)
      throw new ModelError(
        `the archive: model.yaml: expected ${key}: ${expected}, as was asked for, found ${found}`,
      );
    if (!FOLDER_NAME.test(found) || found === 'latest')
      throw new ModelError(
        `the archive: model.yaml: expected a ${key} that can name a folder, found ${JSON.stringify(found)}`,
      );
  }
  return manifest;
}

async function place(
  root: string,
  folder: string,
  wanted: WantedArchive,
  { name, version }: ModelManifest,
): Promise<FetchedVersion> {
  if (existsSync(folder)) return alreadyThere(folder, { ...wanted, name, version });
  const model = dirname(folder);
  makeFolder(model);
  await syncFolders(root);
  try {
    await rename(root, folder);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(folder)) throw error;
    return alreadyThere(folder, { ...wanted, name, version });
  }
  await sync(model);
  return { folder, name, version, isNew: true };
}

/** A version never changes: the same archive is fine, and any other is refused. */
function alreadyThere(folder: string, { sha256, name = '', version = '' }: WantedArchive): FetchedVersion {
  const origin = readOrigin(folder);
  if (origin?.sha256 === sha256) return { folder, name, version, isNew: false };
  const what =
    origin === null ? 'one that came in another way' : `one of an archive with SHA-256 ${origin.sha256}`;
  throw new ModelError(
    `${folder}: expected no version ${version} of ${name} yet, found ${what}; a version never changes: give the new one another number`,
  );
}

/** What was renamed must be there after a power cut, and whole. */
async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    await (entry.isDirectory() ? syncFolders : sync)(join(folder, entry.name));
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const opened = await open(path);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
