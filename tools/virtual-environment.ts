// Virtual environments of Python in the user's cache, each made once.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

const paths = (name: string) => {
  const folder = cacheFolder(name);
  return { folder, bin: join(folder, 'bin'), complete: join(folder, 'complete') };
};

export const isMade = (name: string): boolean => existsSync(paths(name).complete);

/**
 * Resolves to the folder of its programs, `python` among them. Rejects if python3, venv or a
 * package is missing.
 */
export async function virtualEnvironment(name: string, packages: readonly string[]): Promise<string> {
  const { folder, bin, complete } = paths(name);
  if (isMade(name)) return bin;
  await run('python3', ['-m', 'venv', folder]);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(join(bin, 'python'), [...install, ...packages]);
  writeFileSync(complete, '');
  return bin;
}
