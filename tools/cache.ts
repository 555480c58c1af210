// Where the tools keep what they fetch and build, outside of the clone, so that it is fetched once
// for all clones.

import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder in the user's cache, made if missing. */
export function cacheFolder(...parts: string[]): string {
  const root = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(root, 'scorelane', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}
