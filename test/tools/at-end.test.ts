// Who starts a broker, a daemon or a load source and dies leaves none of them behind.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { until } from '../support/until.ts';

const url = (name: string): string => JSON.stringify(new URL(`../../tools/${name}`, import.meta.url));
const BEGIN = `
import { spawn } from 'node:child_process';
import { atEnd, endsWithUs } from ${url('at-end.ts')};
`;
const CHILD = `
const child = endsWithUs(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' }));
console.log(child.pid);
`;

async function ended(program: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', BEGIN + program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const end = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  return { out: await text(child.stdout), end: await end };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

for (const [how, program, end] of [
  ['of itself', 'child.unref();', 0],
  ['by an error', "throw new Error('planted');", 1],
  ['by SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1_000);", 'SIGTERM'],
] as const) {
  test(`a child goes with a process that ends ${how}`, async (t) => {
    const found = await ended(CHILD + program);
    t.is(found.end, end);
    await until('the child to be gone', () => !lives(Number(found.out)));
  });
}

test('a broker goes with a process that dies of an error', async (t) => {
  const { out, end } = await ended(`
    const { startBroker } = await import(${url('broker.ts')});
    const broker = await startBroker();
    console.log(broker.process.pid);
    throw new Error('planted');`);
  t.is(end, 1);
  t.true(Number(out) > 0);
  await until('the broker to be gone', () => !lives(Number(out)));
});

test('what was begun last ends first, and what was dropped is not done', async (t) => {
  const found = await ended(`
    atEnd(() => console.log('first'));
    const drop = atEnd(() => console.log('dropped'));
    atEnd(() => console.log('last'));
    drop();`);
  t.deepEqual(found, { end: 0, out: 'last\nfirst\n' });
});

test('a program that cannot be started is an error as before', async (t) => {
  t.is((await ended("endsWithUs(spawn('/nowhere/program'));")).end, 1);
});

test('a child that has ended is not killed again, and a program that is not there changes nothing', async (t) => {
  const found = await ended(`
    const child = endsWithUs(spawn(process.execPath, ['-e', '']));
    child.kill = () => console.log('killed');
    await new Promise((resolve) => child.once('close', resolve));
    const missing = endsWithUs(spawn('/nowhere/program'));
    await new Promise((resolve) => missing.once('error', resolve));`);
  t.deepEqual(found, { end: 0, out: '' });
});
