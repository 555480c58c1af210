// How far backends may differ, learnt from how far they do.

import test from 'ava';
import { isWithin, narrowest, toleranceFor, tolerancesFor } from '../../src/importing/tolerance.ts';

test('the usual differences of float32 get the usual tolerance', (t) => {
  t.deepEqual(toleranceFor([]), { rtol: 1e-4, atol: 1e-6 });
  t.deepEqual(toleranceFor([{ output: 0, expected: 0.5, found: 0.500001 }]), { rtol: 1e-4, atol: 1e-6 });
});

test('a price of 310065.28 may be 310065.34', (t) => {
  const price = { output: 0, expected: 310_065.28, found: 310_065.34 };
  const tolerance = toleranceFor([price, { output: 0, expected: 0, found: 0.02 }]);
  t.true(tolerance !== null && isWithin(price, tolerance));
});

test('larger differences get a larger tolerance, with a margin', (t) => {
  const difference = { output: 0, expected: 1, found: 1.0002 };
  const tolerance = toleranceFor([difference]);
  t.deepEqual(tolerance, { rtol: 1e-3, atol: 1e-5 });
});

test('a backend that computes something else gets none', (t) => {
  t.is(toleranceFor([{ output: 0, expected: 1, found: 1.1 }]), null);
  t.is(toleranceFor([{ output: 0, expected: 1, found: Number.NaN }]), null);
});

test('each output has a tolerance of its own: a price says nothing of a probability', (t) => {
  const found = tolerancesFor(
    [
      { output: 0, expected: 310_065.28, found: 310_065.34 },
      { output: 1, expected: 0.5, found: 0.500001 },
    ],
    2,
  );
  t.deepEqual(found, [
    { rtol: 1e-4, atol: 0.1 },
    { rtol: 1e-4, atol: 1e-6 },
  ]);
  t.deepEqual(narrowest(found ?? []), { rtol: 1e-4, atol: 1e-6 });
  t.is(tolerancesFor([{ output: 1, expected: 1, found: 2 }], 2), null);
});
