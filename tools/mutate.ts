// `npm run mutate -- FOLDER`: would the folder's own tests notice a fault? In a copy, it makes one
// small change to the source at a time. It fails if the tests let too many of these mutants pass.
// `npm run mutate -- log`, `-- worker/write --seed 7 --mutants 25`, `-- src/log/balance.ts --all`.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describe, isCaught, mutate, ownTests } from './mutate/mutate.ts';

const root = join(import.meta.dirname, '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutants: { type: 'string', default: '100' },
    all: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '1' },
    /** If the rate, in percent, is lower, the exit code is 1. */
    'at-least': { type: 'string', default: '85' },
    /**
     * If the engine's tests let a mutant pass, the simulator tries it with this number of seeds.
     * With 0 it does not.
     */
    'sim-seeds': { type: 'string', default: '400' },
  },
});

const fail = (message: string): never => {
  process.stderr.write(`mutate: ${message}\n`);
  process.exit(64);
};

const whole = (
  name: 'mutants' | 'seed' | 'concurrency' | 'at-least' | 'sim-seeds',
  least: number,
): number => {
  const number = Number(values[name]);
  return Number.isSafeInteger(number) && number >= least
    ? number
    : fail(`--${name} is a whole number of ${least} or more, not ${values[name]}`);
};

const [named = '', ...more] = positionals;
if (named === '' || more.length > 0) fail('name one folder or file of src/');
const source = join('src', named.replace(/^src\//, '')).replace(/\/$/, '');
if (!existsSync(join(root, source))) fail(`there is no ${source}`);

/** The tests that need only Node, with a quarter of the runs of a property. */
const CONFIG = 'ava.unit.config.js';
const { default: unit } = (await import(join(root, CONFIG))) as {
  readonly default: { readonly files: readonly string[] };
};

const simSeeds = whole('sim-seeds', 0);
const simulator = ['test/sim/main.ts', '--json', '--seeds', String(simSeeds)];
const wanted = {
  root,
  source,
  suite: { config: CONFIG, files: unit.files },
  mutants: values.all ? Number.POSITIVE_INFINITY : whole('mutants', 1),
  seed: whole('seed', 0),
  concurrency: whole('concurrency', 1),
  ...(/^src\/engine\b/.test(source) && simSeeds > 0 ? { afterwards: simulator } : {}),
};

if (ownTests(root, source, wanted.suite).length === 0)
  fail(`no test that npm run test:unit runs is in the folder of test/ that belongs to ${source}`);

// Exit in the normal way, so that all child processes end and the copies are deleted.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const atLeast = whole('at-least', 0);
const { tried, wrong } = await mutate(wanted, say);
const counted = tried.filter(({ reason }) => reason === undefined);
const caught = counted.filter(({ verdict }) => isCaught(verdict));
const timedOut = tried.filter(({ verdict }) => verdict === 'timed out');
const rate = (100 * caught.length) / Math.max(1, counted.length);
for (const { mutant } of timedOut) say(`timed out: ${describe(mutant)}`);
for (const line of wrong) say(`tools/mutate/equivalent.ts: ${line}`);
say(
  `${caught.length} of ${counted.length} caught, ${rate.toFixed(1)} % (${timedOut.length} by the time limit); ` +
    `${tried.length - counted.length} more are equivalent`,
);
if (rate < atLeast) say(`that is less than ${atLeast} %`);
process.exitCode = rate < atLeast || wrong.length > 0 ? 1 : 0;
