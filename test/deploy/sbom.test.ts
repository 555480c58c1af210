// The bill of materials: what runs in the daemon, for those who must know whether a fault of a
// package concerns them.

import test from 'ava';
import lock from '../../package-lock.json' with { type: 'json' };
import { run } from '../../tools/run.ts';
import { ROOT } from '../support/daemon.ts';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly object[];
  readonly licenses?: readonly object[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
}

const isDevelopment = ({ properties }: Component): boolean =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

test('npm run sbom lists each package that runs in the daemon with its checksum and licence, and marks those that do not', async (t) => {
  const printed = await run('npm', ['run', '--silent', 'sbom'], { cwd: ROOT });
  const { components, bomFormat } = JSON.parse(printed) as {
    readonly bomFormat: string;
    readonly components: readonly Component[];
  };
  t.is(bomFormat, 'CycloneDX');
  const listed = new Map(components.map((each) => [`${each.name}@${each.version}`, each]));
  const packages = Object.entries(lock.packages as Readonly<Record<string, Locked>>);
  const running = packages.filter(([path, { dev }]) => path !== '' && dev !== true);
  t.true(running.length > 50);
  for (const [path, { version }] of running) {
    const name = `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`;
    const found = listed.get(name);
    if (found === undefined) {
      t.fail(`${name} is not listed`);
      continue;
    }
    t.false(isDevelopment(found), name);
    t.true((found.hashes?.length ?? 0) > 0, `${name} has no checksum`);
    t.true((found.licenses?.length ?? 0) > 0, `${name} has no licence`);
  }
  const development = components.filter(isDevelopment).map(({ name }) => name);
  t.true(development.includes('ava') && development.includes('typescript'));
});
