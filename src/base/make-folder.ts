// Makes a folder with those around it. Node's own recursive mkdir does not end where a folder is
// there and takes no other (/proc, a mount of FUSE): it is told ENOENT, makes the folder above,
// which is there, and tries again, for ever and deaf to signals.

import { mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Returns the folders that were made, the outermost first. Throws the error of the system. */
export function makeFolder(path: string, mode?: number): string[] {
  const missing: string[] = [];
  for (let folder = resolve(path); !isThere(folder); folder = dirname(folder)) missing.unshift(folder);
  const made: string[] = [];
  for (const folder of missing) {
    try {
      mkdirSync(folder, mode);
      made.push(folder);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return made;
}

/** Throws where it is there and no folder. */
function isThere(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return found !== undefined;
  throw Object.assign(new Error(`ENOTDIR: not a directory, '${folder}'`), { code: 'ENOTDIR' });
}

/** Writes into it, and leaves everything as it was. Throws the error of the system. */
export function tryFolder(path: string): void {
  const made = makeFolder(path);
  try {
    rmdirSync(mkdtempSync(join(path, 'scorelane-try-')));
  } finally {
    for (const folder of made.toReversed()) rmdirSync(folder);
  }
}
