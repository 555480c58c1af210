// A few thousand of the cases that `npm run fuzz` has millions of (invariant 7: a bad record costs
// only itself).

import test from 'ava';
import { fuzz, noOutcomes } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const CASES = Number(process.env.SCORELANE_FUZZ_CASES ?? 20_000);

/** One with windows has several records, and makes its states again. */
const casesOf = (name: string): number => (name.endsWith('windows') ? CASES / 10 : CASES);

for (const name of Object.keys(TARGETS)) {
  test(`${name}: whatever the bytes are, features, dead letters or an error that is on the list`, (t) => {
    const [outcomes, cases] = [noOutcomes(), casesOf(name)];
    fuzz(name, 0, cases, outcomes);
    // Damage that reaches everything: most is refused, some goes through.
    t.true(outcomes.scored > cases / 100);
    t.true(outcomes['dead letter'] + outcomes['fetch error'] > cases / 4);
  });
}
