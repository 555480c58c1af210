// Whoever starts a process may end it at once: a deployment that is rolled back, a pod that is
// moved. It ends as it would later.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { Program, readSummary, summaryFile } from './support/daemon.ts';

/**
 * Runs before anything of the program, and says when the program listens to SIGTERM, and how many
 * packages were loaded by then.
 */
const WATCH = `
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';
let packages = 0;
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (found.url.includes('node_modules')) packages++;
    return found;
  },
});
const heard = (name) => {
  if (name !== 'SIGTERM') return;
  process.removeListener('newListener', heard);
  const words = 'it listens after ' + packages + ' packages\\n';
  process.nextTick(() => writeSync(1, words));
};
if (isMainThread) process.on('newListener', heard);
`;

/** Told to end as soon as it can hear it. */
async function endedAtOnce(signal: NodeJS.Signals, ...args: string[]) {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(WATCH)}`;
  const program = new Program(args, { NODE_OPTIONS });
  await program.says('it listens after');
  return program.stop(signal);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} while the command line is being loaded ends the daemon in order: exit 0, and the summary is written`, async (t) => {
    const file = summaryFile();
    const { code, out } = await endedAtOnce(signal, 'run', '--config', 'config/demo.yaml', '--summary', file);
    t.is(code, 0, out);
    t.regex(out, /it listens after 0 packages/);
    t.regex(out, /told to end before the start was done/);
    t.is(readSummary(file).scored, 0);
  });
}

test('SIGTERM while the command line is being loaded ends any other command with 143', async (t) => {
  const { code, out } = await endedAtOnce('SIGTERM', 'doctor');
  t.is(code, 143, out);
  t.notRegex(out, /kafkajs seam/, 'nothing was begun');
});

/**
 * Told to end while its modules are evaluated, which no signal interrupts. It lives for as long as
 * its standard input.
 */
const BUSY = `
const { answerSignals, rememberSignals } = await import(process.argv[1]);
rememberSignals();
process.kill(process.pid, 'SIGTERM');
for (const began = performance.now(); performance.now() - began < 100; );
answerSignals((name) => {
  console.log('answered', name);
  process.exit(0);
});
process.stdin.resume();
`;

test('a signal that comes while modules are evaluated is answered once they are', async (t) => {
  const signals = new URL('../src/signals.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', BUSY, signals]);
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  t.is(String(said), 'answered SIGTERM\n');
});

/** Asked for a dump before there is anything to dump, and again when there is. */
const ASKED = `
const { answerDumpSignal, rememberSignals } = await import(process.argv[1]);
rememberSignals();
process.kill(process.pid, 'SIGUSR2');
setImmediate(() => {
  answerDumpSignal(() => {
    process.exit(7);
  });
  process.kill(process.pid, 'SIGUSR2');
});
process.stdin.resume();
`;

test('SIGUSR2, which asks for a dump of the state, ends nothing, however early it comes', async (t) => {
  const signals = new URL('../src/signals.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', ASKED, signals]);
  t.teardown(() => child.kill('SIGKILL'));
  const [code, signal] = await once(child, 'exit');
  t.deepEqual([code, signal], [7, null], 'it ended by its own answer');
});

/** Told to read its configuration again before it has read it, and once more when it has. */
const HUNG_UP = `
const { answerReloadSignal, rememberSignals } = await import(process.argv[1]);
rememberSignals(process.argv[2]);
process.stdin.resume();
const hangUp = async () => {
  const heard = process.argv[2] === 'run' ? new Promise((resolve) => process.once('SIGHUP', resolve)) : process.stdin;
  process.kill(process.pid, 'SIGHUP');
  await heard;
};
await hangUp();
let count = 0;
answerReloadSignal(() => count++);
await hangUp();
process.exit(count);
`;

test('SIGHUP before run has read its configuration does not end it, and is answered when it has; it ends other commands', async (t) => {
  const signals = new URL('../src/signals.ts', import.meta.url).href;
  for (const [command, ...ended] of [
    ['run', 2, null],
    ['tail', null, 'SIGHUP'],
  ] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HUNG_UP, signals, command]);
    t.teardown(() => child.kill('SIGKILL'));
    t.deepEqual(await once(child, 'exit'), ended, command);
  }
});
