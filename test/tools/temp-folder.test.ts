// A temp folder goes with the process that made it, and changes nothing of how that ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';

const MODULE = JSON.stringify(new URL('../../tools/temp-folder.ts', import.meta.url));
const BEGIN = `
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { tempFolder } from ${MODULE};
const folder = tempFolder('first');
writeFileSync(join(folder, 'file'), 'text');
mkdirSync(join(folder, 'without-rights'));
writeFileSync(join(folder, 'without-rights', 'file'), 'text');
chmodSync(join(folder, 'without-rights'), 0o000);
writeFileSync(join(tempFolder('second'), 'file'), 'text');
`;

/** What a program that begins so ends with, and what it leaves in its temp folder. */
async function ended(program: string) {
  const temporary = tempFolder('of-a-child');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', BEGIN + program], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { end: await end, out, errors, left: readdirSync(temporary) };
}

for (const [how, program, end] of [
  ['of itself', '', 0],
  ['with an exit code', 'process.exitCode = 3;', 3],
  ['by process.exit', 'process.exit(4);', 4],
  ['by what nobody catches', "throw new Error('planted');", 1],
  ['by SIGINT', "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1_000);", 'SIGINT'],
  ['by SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1_000);", 'SIGTERM'],
  ['by SIGHUP', "process.kill(process.pid, 'SIGHUP'); setInterval(() => {}, 1_000);", 'SIGHUP'],
] as const) {
  test(`a process that ends ${how} leaves no folder, and ends as it would have`, async (t) => {
    const found = await ended(program);
    t.is(found.end, end, found.errors);
    t.deepEqual(found.left, []);
  });
}

test('whoever answers a signal decides, whether they listened before or after', async (t) => {
  const found = await ended(`
    import { existsSync } from 'node:fs';
    process.once('SIGTERM', () => {
      setImmediate(() => {
        console.log(existsSync(folder));
        process.exit(5);
      });
    });
    process.kill(process.pid, 'SIGTERM');
    setInterval(() => {}, 1_000);`);
  t.deepEqual(found, { end: 5, out: 'true\n', errors: '', left: [] });
});

test('what AVA ends because it takes too long does end, also in a loop', async (t) => {
  const program = `${BEGIN}
    process.stdout.write('begun');
    for (;;);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, TMPDIR: tempFolder('of-a-loop') },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const end = once(child, 'close');
  await once(child.stdout as Readable, 'data');
  child.kill();
  t.deepEqual(await end, [null, 'SIGTERM']);
});

test('a folder of a thread goes with the thread, and those of the others stay', async (t) => {
  const thread = `
    import { writeFileSync } from 'node:fs';
    import { tempFolder } from ${MODULE};
    writeFileSync(tempFolder('of-a-thread') + '/file', 'text');`;
  const found = await ended(`
    import { readdirSync } from 'node:fs';
    import { dirname } from 'node:path';
    const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(thread)}));
    const left = await new Promise((resolve) => {
      const worker = new Worker(url);
      worker.once('exit', () => resolve(readdirSync(dirname(folder))));
    });
    console.log(left.map((name) => name.slice(0, -7)).sort().join());`);
  t.deepEqual(found, { end: 0, out: 'scorelane-first,scorelane-second\n', errors: '', left: [] });
});

test('a folder that cannot be removed is said in one line, and the process ends as it would have', async (t) => {
  const found = await ended(`
    import { syncBuiltinESMExports } from 'node:module';
    import fs from 'node:fs';
    fs.rmSync = () => { throw new Error('planted'); };
    syncBuiltinESMExports();`);
  t.is(found.end, 0);
  t.regex(
    found.errors,
    /^cannot remove \S+scorelane-first-\w{6}: planted\ncannot remove \S+second-\w{6}: planted\n$/,
  );
});

test('the name says whose it is, and no two are the same', (t) => {
  const [one, other] = [tempFolder('twice'), tempFolder('twice')];
  t.not(one, other);
  for (const folder of [one, other]) {
    t.regex(folder, /scorelane-twice-\w{6}$/);
    t.true(existsSync(folder));
  }
});
