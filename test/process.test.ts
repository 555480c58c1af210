// What must hold for the process before anything is loaded.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../tools/temp-folder.ts';

const root = join(import.meta.dirname, '..');
const processModule = join(root, 'src', 'process.ts');
const main = join(root, 'src', 'main.ts');

/** The environment that a process has after process.ts, begun with `given` alone. */
function environmentWith(given: Readonly<Record<string, string>>): Record<string, string> {
  const script = `await import(${JSON.stringify(processModule)}); console.log(JSON.stringify(process.env));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: given,
    encoding: 'utf8',
  });
  return JSON.parse(stdout) as Record<string, string>;
}

test('a call of TensorFlow takes one thread, and as many calls as there are cores run at once', (t) => {
  const { TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS } = environmentWith({});
  t.is(TF_NUM_INTRAOP_THREADS, '1');
  // Shared by the sessions of all workers: with a single one they would take turns.
  t.true(Number(TF_NUM_INTEROP_THREADS) >= Math.max(2, availableParallelism()));
});

test('onnxruntime tells nobody what it runs: it leaves no identity and no log of that, wherever it would', (t) => {
  const [home, temporary] = [tempFolder('home'), tempFolder('temporary')];
  const { CI: _, ORT_DISABLE_TELEMETRY: __, XDG_CACHE_HOME: ___, ...environment } = process.env;
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, 'check', '--config', 'config/demo.yaml', '--set', 'model.backend=onnx'],
    { cwd: root, env: { ...environment, HOME: home, TMPDIR: temporary }, encoding: 'utf8' },
  );
  t.is(status, 0, stderr);
  t.deepEqual([readdirSync(home), readdirSync(temporary)], [[], []]);
});

test('nor where its variable is set to something that turns it on', (t) => {
  for (const value of ['', '0', 'false'])
    t.is(environmentWith({ ORT_DISABLE_TELEMETRY: value }).ORT_DISABLE_TELEMETRY, '1');
});

test('what the user has set stays', (t) => {
  t.is(environmentWith({ TF_NUM_INTEROP_THREADS: '7' }).TF_NUM_INTEROP_THREADS, '7');
});
