// What must hold for the process before anything is loaded.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test from 'ava';

const processModule = join(import.meta.dirname, '..', 'src', 'process.ts');

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

test('what the user has set stays', (t) => {
  t.is(environmentWith({ TF_NUM_INTEROP_THREADS: '7' }).TF_NUM_INTEROP_THREADS, '7');
});
