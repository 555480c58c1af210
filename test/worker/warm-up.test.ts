// Before a model is loaded, its golden records have gone the way of records in tasks of several
// sizes; a model with windows has only predicted them, as they would be in its state.

import test from 'ava';
import type { GoldenRecord } from '../../src/model/manifest.ts';
import { warmUp } from '../../src/worker/warm-up.ts';
import { setupWith, transactions } from '../support/model.ts';
import { scorerWith, sums } from '../support/scorer.ts';

const golden = transactions(2).map((record): GoldenRecord => ({ record, outputs: {}, timestampMs: 0 }));

/** Each look at the clock is so much later. */
const clock = (stepMs: number) => {
  let nowMs = 0;
  return () => (nowMs += stepMs);
};

for (const inputFormat of ['msgpack', 'json'] as const) {
  test(`${inputFormat}: the reader, the model and the writer are used at each size that a task may have`, (t) => {
    const calls: number[] = [];
    const checked: number[] = [];
    const setup = setupWith({ inputFormat, resultFormat: inputFormat, predictRecordsMax: 64 });
    const pipeline = scorerWith(sums(calls), setup);
    warmUp({
      golden,
      setup,
      pipeline,
      check: (records) => checked.push(records.length),
      msMax: 100,
      nowMs: clock(2),
    });
    t.deepEqual(checked, [1, 3, 16, 64]);
    t.deepEqual(calls.slice(0, 4), [1, 3, 16, 64]);
  });
}

test('with windows golden records are checked as they come first in a log: none of them twice', (t) => {
  const checked: (readonly GoldenRecord[])[] = [];
  const four = transactions(4).map((record): GoldenRecord => ({ record, outputs: {}, timestampMs: 0 }));
  const check = (records: readonly GoldenRecord[]) => checked.push(records);
  warmUp({ golden: four, setup: setupWith(), pipeline: null, check, msMax: 100, nowMs: clock(2) });
  t.deepEqual(checked, [four.slice(0, 1), four.slice(0, 3)]);
});

test('where no golden record can be encoded, only the model is used', (t) => {
  const calls: number[] = [];
  const checked: number[] = [];
  const check = (records: readonly GoldenRecord[]) => checked.push(records.length);
  const setup = setupWith({ inputFormat: 'avro', predictRecordsMax: 3 });
  warmUp({
    golden,
    setup,
    pipeline: scorerWith(sums(calls), { predictRecordsMax: 3 }),
    check,
    msMax: 100,
    nowMs: clock(2),
  });
  t.deepEqual(checked, [1, 3]);
  t.deepEqual(calls, []);
});

test('a model that is slow holds up the start no longer than for its smallest sizes', (t) => {
  const checked: number[] = [];
  const check = (records: readonly GoldenRecord[]) => checked.push(records.length);
  warmUp({ golden, setup: setupWith(), pipeline: scorerWith(sums([])), check, msMax: 100, nowMs: clock(40) });
  t.deepEqual(checked, [1, 3]);
});
