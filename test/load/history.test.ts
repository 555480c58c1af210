// The generated history: in order, the same for the same seed, and with the three kinds of fraud
// that its source describes.

import test from 'ava';
import { generateHistory, type Transaction } from '../../src/load/history.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

function take(count: number, seed = 1): Transaction[] {
  const stream = generateHistory({ seed, customers: 1_000, terminals: 2_000, startMs: START_MS });
  return Array.from({ length: count }, () => stream.next().value as Transaction);
}

const some = take(60_000);

test('the same seed gives the same history, another seed another', (t) => {
  t.deepEqual(take(1_000), some.slice(0, 1_000));
  t.notDeepEqual(take(1_000, 2), some.slice(0, 1_000));
});

test('transactions come in the order of time, with ids that count up, around noon', (t) => {
  t.true(some.every(({ at }, index) => index === 0 || at >= (some[index - 1]?.at as number)));
  t.true(some.every(({ id }, index) => id === index));
  const hours = some.map(({ at }) => (at % DAY_MS) / 3.6e6);
  const mean = hours.reduce((sum, hour) => sum + hour, 0) / hours.length;
  t.true(mean > 11.5 && mean < 12.5);
});

test('a customer goes to terminals in the neighbourhood, and spends what is usual for this customer', (t) => {
  const byCustomer = Map.groupBy(
    some.filter(({ scenario }) => scenario === 0),
    ({ customer }) => customer,
  );
  for (const own of byCustomer.values()) {
    // 2,000 terminals on a square of side 100: about 16 within a distance of 5.
    t.true(new Set(own.map(({ terminal }) => terminal)).size < 50);
    t.true(own.every(({ amount }) => amount >= 0 && amount <= 220));
  }
});

test('fraud 1 is a large amount; fraud 2 stays with its terminal for days; fraud 3 multiplies the amounts of a customer', (t) => {
  const of = (scenario: number): Transaction[] => some.filter((each) => each.scenario === scenario);
  t.true(some.every(({ fraud, scenario }) => (fraud === 1) === scenario > 0));
  t.true(of(1).every(({ amount }) => amount > 220));
  for (const scenario of [1, 2, 3]) t.true(of(scenario).length > 20, `${scenario}: ${of(scenario).length}`);
  const spans = [...Map.groupBy(of(2), ({ terminal }) => terminal).values()].map(
    (own) => ((own.at(-1)?.at ?? 0) - (own[0]?.at ?? 0)) / DAY_MS,
  );
  t.true(Math.max(...spans) > 7);
  const mean = (given: readonly Transaction[]): number =>
    given.reduce((sum, { amount }) => sum + amount, 0) / given.length;
  t.true(mean(of(3)) > 3 * mean(of(0)));
  const share = some.filter(({ fraud }) => fraud === 1).length / some.length;
  t.true(share > 0.005 && share < 0.1, `${share}`);
});
