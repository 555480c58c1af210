// Debian's packages, unpacked into a folder and not installed. Needs apt-get and dpkg, and no
// rights but for `apt-get update`.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** What apt-get knows may be missing or old: after a failure it is updated, and tried again. */
export const withKnownPackages = <T>(act: () => Promise<T>): Promise<T> =>
  act().catch(async () => {
    await run('apt-get', ['update']);
    return act();
  });

/** Rejects where there is no such package. */
export async function unpackDebian(folder: string, packages: readonly string[]): Promise<void> {
  await run('apt-get', ['download', ...packages], { cwd: folder });
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(folder, name), folder]);
    rmSync(join(folder, name));
  }
}
