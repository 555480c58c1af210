// What TensorFlow says of itself while it loads is kept out of the log. Its errors are not.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { ROOT } from '../support/daemon.ts';

/**
 * Loads every backend that is here, in a thread, as a daemon does. Resolves to the lines on
 * standard error.
 */
async function saidWith(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const { TF_CPP_MIN_LOG_LEVEL: _, ...inherited } = process.env;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'src', 'main.ts'), 'doctor'],
    { cwd: ROOT, env: { ...inherited, ...environment } },
  );
  for (const backend of ['native', 'wasm', 'cpu'])
    if (!stdout.includes(`ok       backend ${backend}`)) throw new Error(stdout);
  return stderr.split('\n').filter((line) => line !== '');
}

test('TensorFlow says nothing while it loads, on any backend, but for its errors', async (t) => {
  // A value that it cannot read is an error in TensorFlow's own log.
  const lines = await saidWith({ TF_SYNC_ON_FINISH: 'maybe' });
  t.true(lines.length > 0);
  for (const line of lines) t.regex(line, /: E tensorflow.*TF_SYNC_ON_FINISH/);
});

test('with TF_CPP_MIN_LOG_LEVEL=0 it says all that it says', async (t) => {
  const text = (await saidWith({ TF_CPP_MIN_LOG_LEVEL: '0' })).join('\n');
  t.regex(text, /: I tensorflow.*oneDNN/);
  t.regex(text, /^I0000 .*mlir/m);
});
