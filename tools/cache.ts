// The folder for files that the tools fetch and build. It is outside of the clone, so that they are
// fetched once for all clones.

import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder in the user's cache. It is made if it is missing. */
export function cacheFolder(...parts: string[]): string {
  const root = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(root, 'scorelane', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}
