// Folders in the temp folder of the system, for tests, bench and tools: each goes with the process
// (or the worker thread) that made it. A signal that nobody else answers removes them too, before
// it ends the process as it would have. What stays: those of a process that was killed by SIGKILL,
// or by AVA because it took too long, and of a thread that was terminated.

import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * AVA ends by SIGTERM what does not end of itself, such as a loop: that has to work there, and
 * would not with a listener.
 */
const SIGNALS = ['SIGINT', 'SIGHUP', ...(process.send === undefined ? ['SIGTERM' as const] : [])] as const;
/** A broker or a daemon that ends at the same time may still write into its folder. */
const TRIES = 6;
const FIRST_PAUSE_MS = 10;

const folders: string[] = [];

/** Makes `scorelane-<name>-XXXXXX`. */
export const tempFolder = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `scorelane-${name}-`));
  if (folders.length === 0) listen();
  folders.push(folder);
  return folder;
};

/** Threads get no signals. */
function listen(): void {
  process.once('exit', removeAll);
  if (isMainThread) for (const signal of SIGNALS) process.prependListener(signal, endBy);
}

/** Whoever else listens decides whether and how the process ends. */
function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  const ignore = (): void => {};
  // On Ctrl-C AVA sends it at once.
  process.on('SIGTERM', ignore);
  removeAll();
  process.removeListener('SIGTERM', ignore);
  process.removeListener(signal, endBy);
  process.kill(process.pid, signal);
}

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
