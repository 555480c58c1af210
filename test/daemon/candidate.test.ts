// The process in which a version is tried: it ends when its daemon says so or is gone, and by
// nothing else.

import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, cpSync, globSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { modelFolder } from '../../src/daemon/configured-model.ts';
import { scorerSetup } from '../../src/daemon/worker-setup.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { demoConfig } from '../support/config.ts';
import { ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const MAIN = join(ROOT, 'src', 'daemon', 'candidate-main.ts');

/** Opens a pipe to write when somebody reads it. */
const whenRead = (pipe: string): Promise<number> =>
  until(
    `a reader of ${pipe}`,
    () => {
      try {
        return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
      } catch {
        return undefined;
      }
    },
    30_000,
  );

test('a trial that hangs outlives no daemon, and signals that all processes of a daemon get do not end it', async (t) => {
  const config = demoConfig();
  const folder = join(tempFolder('candidate'), '1');
  cpSync(modelFolder(config), folder, { recursive: true });
  const setup = scorerSetup(config, {
    modelFolder: folder,
    backend: 'wasm',
    resultFrame: new Uint8Array(),
  });
  const golden = join(folder, 'golden.json');
  rmSync(golden);
  execFileSync('mkfifo', [golden]);
  const child = fork(MAIN, { serialization: 'advanced' });
  t.teardown(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  child.send({ config, setup });
  const writer = await whenRead(golden);
  t.teardown(() => closeSync(writer));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
  child.disconnect();
  t.deepEqual(await exit, [null, 'SIGKILL']);
});

test('what is started by its file alone is named so that the built package finds it too', (t) => {
  for (const file of globSync('src/**/*.{ts,cts}', { cwd: ROOT }))
    t.notRegex(readFileSync(join(ROOT, file), 'utf8'), /new URL\(\s*['"`][^'"`$]*\.ts['"`]/, file);
});
