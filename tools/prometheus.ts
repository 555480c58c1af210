// A real Prometheus with its promtool, from Debian's package: fetched once into the user's cache,
// not installed. Needs apt-get and dpkg; `apt-get update` must have been run.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

/**
 * Resolves to the folder of `prometheus` and `promtool`. Rejects where there is no such package.
 */
export async function ensurePrometheus(): Promise<string> {
  const folder = cacheFolder('prometheus-debian');
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await run('apt-get', ['download', 'prometheus'], { cwd: folder }).catch(async () => {
      await run('apt-get', ['update']);
      await run('apt-get', ['download', 'prometheus'], { cwd: folder });
    });
    const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download prometheus left no package in ${folder}`);
    await run('dpkg', ['-x', join(folder, file), folder]);
    writeFileSync(complete, '');
  }
  return join(folder, 'usr', 'bin');
}
