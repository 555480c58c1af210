// The eight invariants under random interleavings: fetches, scores that finish out of order,
// produce calls that fail or fail after they succeeded, commits that fail, rebalances, losses,
// crashes and stops, with several instances.

import test from 'ava';
import fc from 'fast-check';
import * as checkers from '../guarantees/checkers.ts';
import { type Troubles, World } from './world.ts';

const RUNS = Number(process.env.SCORELANE_RUNS ?? 300);
const shape = fc.array(fc.nat(1000), { minLength: 5, maxLength: 48 });
const choices = fc.array(fc.nat(100_000), { minLength: 200, maxLength: 800, size: 'max' });

const calm: Troubles = {
  produceFails: false,
  scoreFails: false,
  rebalances: false,
  losses: false,
  strayFetches: false,
  deadlinesPass: false,
};
const { nothingIsRepeated, badRecordsCostOnlyThemselves } = checkers;

function holds(troubles: Troubles, more: Record<string, (history: World['history']) => string[]> = {}): void {
  fc.assert(
    fc.property(shape, choices, (batches, picks) => {
      const world = new World(troubles, batches);
      world.run(picks);
      const found = checkers.violations(world.history, { ...checkers.ALWAYS, ...more });
      if (found.length > 0) throw new Error(found.slice(0, 5).join('\n'));
    }),
    { numRuns: RUNS, endOnFailure: true, includeErrorInReport: true },
  );
}

test('in any order of fetches and scores every record is scored once, in order, within the budget', (t) => {
  holds(calm, { nothingIsRepeated, badRecordsCostOnlyThemselves });
  t.pass();
});

test('rebalances and orderly stops repeat nothing and lose nothing', (t) => {
  holds({ ...calm, rebalances: true }, { nothingIsRepeated, badRecordsCostOnlyThemselves });
  t.pass();
});

test('produce calls and commits that fail, or fail after they succeeded, lose nothing and reorder nothing', (t) => {
  holds({ ...calm, produceFails: true });
  t.pass();
});

test('record batches that cannot be opened are read again, and hold up only their own lane', (t) => {
  holds({ ...calm, scoreFails: true });
  t.pass();
});

test('what is fetched again, or from beyond a gap, is neither scored twice nor skipped', (t) => {
  const stray = { ...calm, strayFetches: true, rebalances: true };
  holds(stray, { nothingIsRepeated, badRecordsCostOnlyThemselves });
  t.pass();
});

test('rebalances and stops whose deadlines pass lose nothing', (t) => {
  holds({ ...calm, rebalances: true, deadlinesPass: true }, { badRecordsCostOnlyThemselves });
  t.pass();
});

test('with everything going wrong at once all invariants hold', (t) => {
  holds({
    produceFails: true,
    scoreFails: true,
    rebalances: true,
    losses: true,
    strayFetches: true,
    deadlinesPass: true,
  });
  t.pass();
});
