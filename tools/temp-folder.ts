// Folders in the temp folder of the system, for tests, bench and tools: each goes with the process
// (or the worker thread) that made it.

import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './at-end.ts';

/** A broker or a daemon that ends at the same time may still write into its folder. */
const TRIES = 6;
const FIRST_PAUSE_MS = 10;

const folders: string[] = [];

/** Makes `scorelane-<name>-XXXXXX`. */
export const tempFolder = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `scorelane-${name}-`));
  if (folders.length === 0) atEnd(removeAll);
  folders.push(folder);
  return folder;
};

function removeAll(): void {
  for (const folder of folders.splice(0)) remove(folder);
}

/** Never throws: that would change the exit code. */
function remove(folder: string): void {
  for (let tried = 1; ; tried++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tried === TRIES) {
        console.error(`cannot remove ${folder}: ${(error as Error).message}`);
        return;
      }
      openFolders(folder);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FIRST_PAUSE_MS << tried);
    }
  }
}

/** A test may have taken the rights. Files need none to be removed. */
function openFolders(folder: string): void {
  try {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) openFolders(join(folder, entry.name));
  } catch {
    // It is gone, or it is somebody else's: the next try says so.
  }
}
