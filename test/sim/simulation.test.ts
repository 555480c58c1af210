// Nothing is lost, whatever fails: the eight invariants over some hundred simulated runs, and a
// simulator that finds the bugs which it is there to find.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { seedThatCatches } from './bug-table.ts';
import { BUGS, SEEDS_MAX } from './bugs.ts';
import { planOf } from './faults.ts';
import { occurrences } from './plant.ts';
import { simulate } from './simulation.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const SEEDS = process.env.SCORELANE_SIM_SEEDS ?? '300';

test('all eight invariants hold, and once nothing fails any more everything is scored', async (t) => {
  t.timeout(600_000);
  const { stdout } = await promisify(execFile)(process.execPath, [
    MAIN,
    '--seeds',
    SEEDS,
    '--from',
    '1000000',
  ]);
  t.regex(stdout, new RegExp(`^${SEEDS} seeds, .*: no violation$`, 'm'));
});

test('a seed gives the same run each time, to the last event', async (t) => {
  for (const seed of [7, 614]) {
    const [first, second] = [
      await simulate(planOf(seed), { trace: true }),
      await simulate(planOf(seed), { trace: true }),
    ];
    t.true(first.trace.length > 500);
    t.deepEqual(first.trace, second.trace);
    t.deepEqual(first.history, second.history);
  }
});

test('every deliberate bug changes a text that stands in its file once', (t) => {
  t.deepEqual(
    BUGS.filter((bug) => occurrences(bug) !== 1).map(({ name }) => name),
    [],
  );
});

test(`each of ${BUGS.length} deliberate bugs is caught within ${SEEDS_MAX} seeds`, async (t) => {
  t.timeout(600_000);
  for (const bug of BUGS) t.not(await seedThatCatches(bug), null, bug.name);
});
