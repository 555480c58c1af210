// A model in archives of many kinds, and the fetch of one into a repository of its own.

import { readdirSync } from 'node:fs';
import { type FetchedVersion, fetchVersion } from '../../src/fetching/fetch-version.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { entriesOf, sha256Of } from './archives.ts';
import { windowsModel } from './windows-model.ts';

const FIELD = '\n  - { path: amount, log1p: true }';
export const model = windowsModel(FIELD, '{}', '7');
export const files = entriesOf(model.folder);

export const repository = (): string => tempFolder('fetching');

interface Options {
  readonly sha256?: string;
  readonly token?: string;
  readonly authority?: string;
  readonly bytesMax?: number;
  readonly name?: string;
  readonly version?: string;
  readonly signal?: AbortSignal;
}

export const get = (
  url: URL,
  to: string,
  body: Uint8Array,
  options: Options = {},
): Promise<FetchedVersion> => {
  const { sha256 = sha256Of(body), name, version, bytesMax = 2 ** 24, ...access } = options;
  const signal = options.signal ?? new AbortController().signal;
  return fetchVersion(
    { url, sha256, repository: to, name, version },
    { ...access, signal, bytesMax, againMs: 1 },
  );
};

export const everythingIn = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).toSorted();
