// The tool that tries tests: on a project of one function with a test that holds half of it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { mutantsOf, shuffled } from '../../tools/mutate/mutants.ts';
import { mutate, type Tried } from '../../tools/mutate/mutate.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const FILES = {
  'package.json': '{"type": "module"}',
  'ava.config.js': 'export default { extensions: ["ts"], workerThreads: false };',
  'tsconfig.json': '{"compilerOptions": {"strict": true, "types": [], "lib": ["es5"], "target": "es2022"}}',
  '.gitignore': 'node_modules',
  'src/sums/sums.ts': `// Three sums.
export const held = (a: number, b: number): number => a + b;
export const run = (a: number, b: number): number => a - b;
export const forgotten = (a: number, b: number): number => a * b;
export const none = (): number[] => [];
export const text = (): string => 'a text';
export const endless = (a: number): void => {
  for (let left = 1; left > 0; left -= a);
};
`,
  'test/sums/sums.test.ts': `
import test from 'ava';
import { endless, held, run } from '../../src/sums/sums.ts';
test('held', (t) => {
  t.is(held(2, 3), 5);
  run(2, 3);
  endless(1);
});
`,
};

let project: string;

test.before(() => {
  project = tempFolder('mutate-test');
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(project, 'node_modules'));
  execFileSync('git', ['init', '-q', project]);
});

const FALSE_CLAIM = { mutant: 'a + b -> a - b', reason: 'a false claim' };
const GONE = { mutant: 'a / b -> a * b', reason: 'the code has changed' };
const TRUE_CLAIM = { mutant: 'a - b -> a + b', reason: 'its answer is not used' };

test('a fault that the tests notice is caught, also by a loop without end; all others are named, and so is every false claim', async (t) => {
  const said: string[] = [];
  const equivalent = [FALSE_CLAIM, GONE, TRUE_CLAIM].map((claim) => ({ file: 'src/sums/sums.ts', ...claim }));
  const wanted = { root: project, source: 'src/sums', mutants: 100, seed: 1, concurrency: 1, equivalent };
  const { tried, wrong } = await mutate({ ...wanted, limitMs: (tookMs) => 3_000 + 2 * tookMs }, (line) =>
    said.push(line),
  );
  const verdicts = new Map(tried.map((one): [string, Tried] => [one.mutant.shown, one]));
  t.is(verdicts.get('a + b -> a - b')?.verdict, 'caught');
  t.is(verdicts.get('a - b -> a + b')?.verdict, 'survived');
  t.is(verdicts.get('a - b -> a + b')?.reason, TRUE_CLAIM.reason);
  t.is(verdicts.get('a * b -> a / b')?.verdict, 'not reached');
  t.is(verdicts.get('left -= a -> left += a')?.verdict, 'timed out');
  t.false(verdicts.has('[] -> ["Stryker was here"]'), 'it does not compile');
  t.false(
    [...verdicts.keys()].some((shown) => shown.startsWith("'a text'")),
    'texts are left alone',
  );
  t.true(said.some((line) => line.startsWith('not reached: src/sums/sums.ts:4:60 ')));
  t.deepEqual(wrong, [
    'src/sums/sums.ts  a / b -> a * b: fits no mutant any more: take it out',
    'src/sums/sums.ts:2:55  a + b -> a - b: a test catches it, so it is not equivalent',
  ]);
});

test('the seed decides which mutants are drawn, and each has the same chance', async (t) => {
  const mutants = await mutantsOf(project, 'src/sums');
  t.deepEqual(shuffled(mutants, 7), shuffled(mutants, 7));
  t.deepEqual(
    shuffled(mutants, 8).toSorted((one, other) => mutants.indexOf(one) - mutants.indexOf(other)),
    mutants,
  );
  const counts = [0, 0, 0, 0, 0];
  for (let seed = 0; seed < 5_000; seed++) {
    const [first] = shuffled([0, 1, 2, 3, 4], seed);
    counts[first as number] = (counts[first as number] as number) + 1;
  }
  for (const count of counts) t.true(count > 900 && count < 1_100, counts.join());
});
