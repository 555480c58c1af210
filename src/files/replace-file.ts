// Puts a small file in its place at once: who reads it sees all of the old one or all of the new.

import { renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Throws what writing throws. */
export function replaceFile(file: string, text: string): void {
  // Containers on one volume have the same process ids, and host names of their own.
  const draft = `${file}.${hostname()}-${process.pid}.draft`;
  writeFileSync(draft, text, { flush: true });
  renameSync(draft, file);
}
