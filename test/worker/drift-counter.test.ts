// What a worker thread counts of the records that it scores: which bins, which records, and when it
// tells.

import test from 'ava';
import { Random } from '../../src/load/random.ts';
import type { RecordedColumn } from '../../src/model/distribution.ts';
import { binOf } from '../../src/statistics/bins.ts';
import { DriftCounter } from '../../src/worker/drift-counter.ts';

const column = (
  kind: 'feature' | 'output',
  place: number,
  more: Partial<RecordedColumn> = {},
): RecordedColumn => ({
  ...{ kind, name: `${kind} ${place}`, place, element: 0, isWhole: false },
  ...{ cuts: Float32Array.of(0, 10), counts: [1, 1, 1, 0] },
  ...more,
});

const counterOf = (columns: readonly RecordedColumn[], sampling = 1, width = 2): DriftCounter => {
  const random = new Random(5);
  const distribution = { records: 3, columns };
  return new DriftCounter({ version: '7', distribution, sampling, width, random: () => random.next() });
};

test('a value on a cut is above it; missing ones count apart; columns are found by their place', (t) => {
  const counter = counterOf([column('feature', 1), column('output', 1, { element: 1 })]);
  const features = Float32Array.of(99, -1, 99, 0, 99, 10, 99, Number.NaN);
  const outputs = [Float32Array.of(99, 99, 99, 99), Float32Array.of(99, -1, 99, -2, 99, 5, 99, 12)];
  counter.count(features, outputs, 0, 4);
  t.deepEqual(counter.take(0), {
    version: '7',
    records: 4,
    counts: Uint32Array.of(1, 1, 1, 1, 2, 1, 1, 0),
  });
});

test('any number of cuts that a file may have finds the right bin', (t) => {
  for (const length of [0, 1, 2, 31, 32, 62, 63]) {
    const cuts = Float32Array.from({ length }, (_, index) => index);
    const counter = counterOf([column('feature', 0, { cuts, counts: new Array(length + 2).fill(0) })], 1, 1);
    const values = Float32Array.of(
      -1,
      ...cuts,
      ...cuts.map((cut) => cut + 0.5),
      1e9,
      Number.POSITIVE_INFINITY,
    );
    counter.count(values, [], 0, values.length);
    const expected = new Uint32Array(length + 2);
    for (const value of values) {
      const bin = binOf(cuts, 0, length, value);
      expected[bin] = (expected[bin] as number) + 1;
    }
    t.deepEqual(counter.take(0)?.counts, expected, `${length} cuts`);
  }
});

test('whole numbers, also those whose bits are no number as floats', (t) => {
  const counter = counterOf([column('feature', 0, { isWhole: true })], 1, 1);
  const cells = Int32Array.of(-1, 0, 9, 10, -8_388_607);
  counter.count(new Float32Array(cells.buffer), [], 0, 5);
  t.deepEqual(counter.take(0)?.counts, Uint32Array.of(2, 2, 1, 0));
});

test('rows from the middle of the features belong to the first outputs', (t) => {
  const counter = counterOf([column('feature', 0), column('output', 0)], 1, 1);
  counter.count(Float32Array.of(-1, -1, 20, 20), [Float32Array.of(5, 5)], 2, 2);
  t.deepEqual(counter.take(0)?.counts, Uint32Array.of(0, 0, 2, 0, 0, 2, 0, 0));
});

test('rows of a task that several versions score are counted one by one, and as sparsely', (t) => {
  const counter = counterOf([column('feature', 0), column('output', 0)], 1, 1);
  const features = Float32Array.of(-1, -1, 20, 20);
  counter.countRow(features, 2, [Float32Array.of(5, -5)], 1, 2);
  t.deepEqual(counter.take(0)?.counts, Uint32Array.of(0, 0, 1, 0, 1, 0, 0, 0));
  const sparse = counterOf([column('feature', 0)], 0.1, 1);
  for (let row = 0; row < 20_000; row++) sparse.countRow(features, 0, [], 0, 1);
  t.true(Math.abs((sparse.take(0)?.records ?? 0) - 2_000) < 100);
});

for (const sampling of [0.05, 0.3, 0.75])
  test(`a share of ${sampling} of the records is counted, whatever the size of tasks, and in no rhythm`, (t) => {
    const counter = counterOf([column('feature', 0)], sampling, 1);
    const random = new Random(3);
    // Every tenth record is another: a fixed stride would meet all of them, or none.
    let all = 0;
    while (all < 200_000) {
      const rows = random.below(50);
      counter.count(
        Float32Array.from({ length: rows }, (_, row) => ((all + row) % 10 === 0 ? 20 : 5)),
        [],
        0,
        rows,
      );
      all += rows;
    }
    const { records = 0, counts = [] } = counter.take(0) ?? {};
    t.true(Math.abs(records / all - sampling) < 0.02 * sampling + 0.002, `${records / all}`);
    t.true(Math.abs((counts[2] ?? 0) / records - 0.1) < 0.01, `${counts[2]} of ${records}`);
  });

test('it tells what is new a few times a second, and what was forgotten never', (t) => {
  const counter = counterOf([column('feature', 0)], 1, 1);
  const count = (): void => counter.count(Float32Array.of(5), [], 0, 1);
  t.is(counter.take(0), null);
  count();
  t.is(counter.take(0)?.records, 1);
  count();
  t.is(counter.take(200), null);
  t.is(counter.take(260)?.records, 1);
  t.is(counter.take(600), null);
  count();
  counter.forget();
  t.is(counter.take(900), null);
});
