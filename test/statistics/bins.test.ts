// Bins that are recorded with a model: how they are cut, and what the figures from them say of
// features that are constant, rare or new.

import test from 'ava';
import { binOf, cutsFor, distanceOfBins, floatAbove } from '../../src/statistics/bins.ts';
import { populationStability } from '../../src/statistics/population-stability.ts';

const counted = (cuts: Float32Array, values: readonly number[]): number[] => {
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const value of values) {
    const bin = binOf(cuts, 0, cuts.length, value);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
};

test('the next float is the next one, on both sides of zero', (t) => {
  t.is(floatAbove(0), 2 ** -149);
  t.is(floatAbove(-0), 2 ** -149);
  t.is(floatAbove(1), 1 + 2 ** -23);
  t.is(floatAbove(-1), -1 + 2 ** -24);
  t.is(floatAbove(-(2 ** -149)), 0);
});

test('a smooth distribution is cut into bins of equal share, with one at each end that is empty', (t) => {
  const values = Float32Array.from({ length: 1_000 }, (_, index) => index);
  const cuts = cutsFor(values);
  t.deepEqual(counted(cuts, [...values]), [0, ...new Array(20).fill(50), 0]);
});

test('a constant has a bin of its own: another value is a large drift', (t) => {
  const cuts = cutsFor(new Float32Array(100).fill(7));
  t.deepEqual([...cuts], [7, floatAbove(7)]);
  const expected = counted(cuts, new Array(100).fill(7));
  t.deepEqual(expected, [0, 100, 0]);
  t.is(populationStability(expected, expected), 0);
  for (const other of [6.9, 7.1]) {
    const actual = counted(cuts, new Array(100).fill(other));
    t.true(populationStability(expected, actual) > 10);
    t.deepEqual(distanceOfBins(cuts, expected, actual), { value: 1, error: 0 });
  }
});

test('each common value has a bin of its own: what is between them is new', (t) => {
  const flags = Float32Array.from({ length: 100 }, (_, index) => Number(index >= 80));
  const cuts = cutsFor(flags);
  t.deepEqual(counted(cuts, [-1, 0, 0.5, 1, 2]), [1, 1, 1, 1, 1]);
  t.like(distanceOfBins(cuts, counted(cuts, [...flags]), counted(cuts, [0, 1])), { error: 0 });
});

test('no values, no cuts, and no figures', (t) => {
  const cuts = cutsFor(new Float32Array());
  t.is(cuts.length, 0);
  t.deepEqual(distanceOfBins(cuts, [0], [3]), { value: Number.NaN, error: Number.NaN });
});

test('bins of other cuts are refused', (t) => {
  t.throws(() => distanceOfBins([1], [1, 1], [1]), {
    instanceOf: RangeError,
    message: /1 cuts, 2 expected and 1 actual/,
  });
});
