// A sketch counts whatever numbers come, is merged without loss, and comes back from a file the
// same.

import test from 'ava';
import fc from 'fast-check';
import { Random } from '../../src/load/random.ts';
import { Calibration } from '../../src/statistics/calibration.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { Largest } from '../../src/statistics/largest.ts';
import { countsBetween, cutsOf, populationStability } from '../../src/statistics/population-stability.ts';
import { areaUnderRoc, averagePrecision, groupsOfSample } from '../../src/statistics/ranking.ts';
import { Sketch } from '../../src/statistics/sketch.ts';

const sketchOf = (values: readonly number[], bits?: number): Sketch => {
  const sketch = new Sketch(bits);
  for (const value of values) sketch.add(value);
  return sketch;
};

const numbers = fc.array(
  fc.oneof(fc.double(), fc.float(), fc.integer(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity)),
);

test('merged sketches are the sketch of all values, whatever the order', (t) => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (first, second, third) => {
      const all = sketchOf([...first, ...second, ...third]);
      const merged = sketchOf(third);
      merged.merge(sketchOf(first));
      merged.merge(sketchOf(second));
      t.deepEqual(merged.saved(), all.saved());
    }),
  );
  t.pass();
});

test('a sketch comes back from a file as it was, and counts on', (t) => {
  fc.assert(
    fc.property(numbers, numbers, fc.integer({ min: 1, max: 16 }), (first, second, bits) => {
      const found = Sketch.from(JSON.parse(JSON.stringify(sketchOf(first, bits).saved())));
      for (const value of second) found.add(value);
      const whole = sketchOf([...first, ...second], bits);
      t.deepEqual(found.saved(), whole.saved());
      t.deepEqual(
        [found.count, found.nan, found.min, found.max],
        [whole.count, whole.nan, whole.min, whole.max],
      );
    }),
  );
});

test('every value is within the bounds of its bucket, and buckets ascend without overlap', (t) => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true })), fc.integer({ min: 1, max: 16 }), (values, bits) => {
      const all = [...sketchOf(values, bits).buckets()];
      for (const value of values) {
        const home = all.filter(({ from, to }) => from <= value && (value < to || from === Infinity));
        t.is(home.length, 1);
        if (home[0]?.isPoint) t.is(home[0].from, value + 0);
      }
      for (const [index, { from }] of all.entries())
        t.true(index === 0 || (all[index - 1]?.to as number) <= from);
    }),
  );
});

test('zero and small whole numbers are points: quantiles and distances of them are exact', (t) => {
  const [left, right] = [sketchOf([-3, 0, -0, 0, 2, 255]), sketchOf([0, 1, 2, 2, 2, 2])];
  t.true([...left.buckets()].every(({ isPoint }) => isPoint));
  t.deepEqual(
    [0, 0.5, 0.7, 0.9, 1].map((share) => left.quantile(share)),
    [-3, 0, 2, 255, 255],
  );
  t.deepEqual(kolmogorovSmirnov(left, right), { value: 0.5, error: 0 });
});

test('any number of values takes no more memory than the buckets that there are', (t) => {
  const sketch = new Sketch(4);
  const random = new Random(5);
  for (let index = 0; index < 100_000; index++)
    sketch.add(random.normal() * 2 ** (250 * random.next() - 125));
  t.true(sketch.saved().buckets.length / 2 <= 2 ** (4 + 1 + 9));
  t.is(sketch.count, 100_000);
});

test('what cannot be compared, or was not saved by a sketch, is refused', (t) => {
  t.throws(() => new Sketch(0), { message: /from 1 to 16, found 0/ });
  t.throws(() => new Sketch(4).merge(new Sketch(5)), { message: /4 and 5 bits cannot be merged/ });
  t.throws(() => kolmogorovSmirnov(sketchOf([1], 4), sketchOf([1], 5)), { message: /cannot be compared/ });
  t.throws(() => Sketch.from({ bits: 4, nan: 0, min: 1, max: 1, buckets: [2 ** 14, 1] }), {
    message: /1 values in bucket 16384 of 16384/,
  });
  t.throws(() => populationStability([1], [1, 2]), { message: /1 expected, 2 actual/ });
  t.throws(() => groupsOfSample([1], []), { message: /1 scores have 0 labels/ });
  t.throws(() => new Calibration(5).merge(new Calibration(4)), { message: /5 and 4 bins/ });
});

test('nothing to compare is not a number, never a good figure', (t) => {
  const none = new Sketch();
  t.is(none.quantile(0.5), NaN);
  t.deepEqual(kolmogorovSmirnov(none, sketchOf([1])), { value: NaN, error: NaN });
  t.is(populationStability([0, 0], [1, 2]), NaN);
  t.is(areaUnderRoc(groupsOfSample([0.5], [true])).value, NaN);
  t.is(averagePrecision(groupsOfSample([0.5], [false])).value, NaN);
  t.is(new Calibration().expectedError, NaN);
});

test('an empty bin counts as one in ten thousand, so the index stays finite', (t) => {
  const expected = sketchOf([1, 2, 3, 4]);
  const cuts = cutsOf(expected, 4);
  t.deepEqual(countsBetween(expected, cuts), [1, 1, 1, 1]);
  const found = populationStability([1, 1, 1, 1], countsBetween(sketchOf([1, 2, 3, 3]), cuts));
  t.is(found, (0.5 - 0.25) * Math.log(0.5 / 0.25) + (1e-4 - 0.25) * Math.log(1e-4 / 0.25));
});

test('one value with a large share is one bin', (t) => {
  t.deepEqual(
    countsBetween(sketchOf([0, 0, 0, 0, 0, 0, 0, 0, 5, 9]), cutsOf(sketchOf([0, 0, 0, 0, 0, 0, 0, 0, 5, 9]))),
    [8, 1, 1],
  );
});

test('calibrations are merged, and come back from a file', (t) => {
  const [one, other, all] = [new Calibration(), new Calibration(), new Calibration()];
  const random = new Random(3);
  for (let index = 0; index < 1_000; index++) {
    const score = Math.floor(random.next() * 64) / 64;
    const isPositive = random.next() < score;
    (index % 3 === 0 ? one : other).add(score, isPositive);
    all.add(score, isPositive);
  }
  one.merge(Calibration.from(JSON.parse(JSON.stringify(other.saved()))));
  t.deepEqual(one.saved(), all.saved());
  t.true(all.expectedError < 0.05, `${all.expectedError}`);
});

test('the largest are those of a sort', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.integer({ min: 0, max: 8 }), (values, most) => {
      const largest = new Largest<number>(most, (left, right) => left - right);
      for (const value of values) largest.add(value);
      t.deepEqual([...largest.kept], values.toSorted((left, right) => right - left).slice(0, most));
    }),
  );
});
