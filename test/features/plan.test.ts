// The feature plan: the declared arithmetic, in double precision, rounded once; and words for what cannot be had.

import test from 'ava';
import fc from 'fast-check';
import { compilePlan } from '../../src/features/plan.ts';

const input = (path: string, more: { log1p?: boolean; mean?: number; std?: number } = {}) => ({
  path,
  log1p: false,
  mean: 0,
  std: 1,
  ...more,
});

test('a row is ((log1p of) the field - mean) / std, in the order of the inputs', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      (a, b, std) => {
        const plan = compilePlan([
          input('a', { mean: 3, std }),
          input('deep.b', { log1p: true, mean: 1, std: 2 }),
        ]);
        const row = new Float32Array(4);
        t.is(plan.fill({ deep: { b }, other: 'x', a }, row, 1), null);
        t.deepEqual([...row], [0, Math.fround((a - 3) / std), Math.fround((Math.log1p(b) - 1) / 2), 0]);
      },
    ),
  );
});

test('flags count as 0 and 1, big integers as numbers', (t) => {
  const row = new Float32Array(3);
  t.is(compilePlan([input('a'), input('b'), input('c')]).fill({ a: true, b: false, c: 12n }, row, 0), null);
  t.deepEqual([...row], [1, 0, 12]);
});

const refusals: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['a missing field', {}, 'MISSING_FIELD', /"card\.amount" is missing/],
  ['a missing parent', { card: null }, 'MISSING_FIELD', /"card\.amount" is missing/],
  ['text', { card: { amount: '12.5' } }, 'NOT_A_NUMBER', /is the string "12\.5", expected a number/],
  ['null', { card: { amount: null } }, 'NOT_A_NUMBER', /is null/],
  ['a list', { card: { amount: [1] } }, 'NOT_A_NUMBER', /is a list/],
  ['NaN', { card: { amount: Number.NaN } }, 'NOT_FINITE', /is NaN/],
  ['infinity', { card: { amount: Number.POSITIVE_INFINITY } }, 'NOT_FINITE', /is Infinity/],
  ['what overflows float32', { card: { amount: 1e39 } }, 'OUT_OF_RANGE', /no finite value after scaling/],
  ['a number for a record', 7, 'NOT_A_MAP', /the value is the number 7/],
  ['nothing for a record', null, 'NOT_A_MAP', /the value is null/],
];

for (const [what, record, code, message] of refusals) {
  test(`${what} is refused with ${code}`, (t) => {
    const rejection = compilePlan([input('card.amount')]).fill(record, new Float32Array(1), 0);
    t.is(rejection?.code, code);
    t.is(rejection?.stage, 'features');
    t.regex(rejection?.message ?? '', message);
  });
}

test('log1p of less than -1 has no value', (t) => {
  const rejection = compilePlan([input('a', { log1p: true })]).fill({ a: -2 }, new Float32Array(1), 0);
  t.is(rejection?.code, 'OUT_OF_RANGE');
});
