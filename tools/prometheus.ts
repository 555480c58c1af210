// A real Prometheus with its promtool, from Debian's package: fetched once into the user's cache,
// not installed. Needs apt-get and dpkg.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { unpackDebian, withKnownPackages } from './debian.ts';

/**
 * Resolves to the folder of `prometheus` and `promtool`. Rejects where there is no such package.
 */
export async function ensurePrometheus(): Promise<string> {
  const folder = cacheFolder('prometheus-debian');
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await withKnownPackages(() => unpackDebian(folder, ['prometheus']));
    writeFileSync(complete, '');
  }
  return join(folder, 'usr', 'bin');
}
