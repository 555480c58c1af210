// Drift over a sliding window: what counts, for how long, and which columns are told.

import test from 'ava';
import type { Distribution, RecordedColumn } from '../../src/model/distribution.ts';
import { DriftMeter } from '../../src/telemetry/drift-meter.ts';

const MINUTE_MS = 60_000;

/** Half of its values are below 0, none is missing. */
const column = (name: string): RecordedColumn => ({
  ...{ kind: 'feature', name, place: 0, element: 0, isWhole: false },
  cuts: Float32Array.of(0),
  counts: [50, 50, 0],
});

const distribution = (...names: string[]): Distribution => ({ records: 100, columns: names.map(column) });

function meterOf(columnsMax = 10, ...names: string[]): DriftMeter {
  const meter = new DriftMeter();
  meter.set({ windowMs: 12 * MINUTE_MS, columnsMax });
  meter.watch('1', distribution(...names));
  return meter;
}

test('records count for the length of the window, and then no more', (t) => {
  const meter = meterOf(10, 'a');
  const recordsAt = (minutes: number) => meter.readings(minutes * MINUTE_MS)[0]?.records;
  meter.told({ version: '1', records: 2, counts: [1, 1, 0] }, 0);
  meter.told({ version: '1', records: 4, counts: [0, 4, 0] }, 6 * MINUTE_MS);
  t.is(recordsAt(11), 6);
  t.is(recordsAt(12), 4);
  t.is(meter.readings(12 * MINUTE_MS)[0]?.columns[0]?.ks, 0.5);
  t.is(recordsAt(18), undefined);
});

test('what several threads tell is added', (t) => {
  const meter = meterOf(10, 'a', 'b');
  meter.told({ version: '1', records: 3, counts: [3, 0, 0, 1, 2, 0] }, 0);
  meter.told({ version: '1', records: 3, counts: [0, 3, 0, 1, 2, 0] }, 1);
  const [reading] = meter.readings(2);
  t.is(reading?.records, 6);
  const [b, a] = reading?.columns ?? [];
  t.like(a, { column: 'a', psi: 0, ks: 0 });
  // (1/3 - 1/2) ln((1/3) / (1/2)) + (2/3 - 1/2) ln((2/3) / (1/2))
  t.true(Math.abs((b?.psi ?? 0) - Math.log(2) / 6) < 1e-12);
  t.true(Math.abs((b?.ks ?? 0) - 1 / 6) < 1e-12);
});

test('missing values are drift of the stability index, and not of the distance', (t) => {
  const meter = meterOf(10, 'a');
  meter.told({ version: '1', records: 4, counts: [1, 1, 2] }, 0);
  const [a] = meter.readings(0)[0]?.columns ?? [];
  t.true((a?.psi ?? 0) > 1);
  t.is(a?.ks, 0);
  meter.begin();
  meter.told({ version: '1', records: 4, counts: [0, 0, 4] }, 0);
  t.is(meter.readings(0)[0]?.columns[0]?.ks, Number.NaN, 'of no numbers');
});

test('no more columns are told than are wanted: those that differ most', (t) => {
  const meter = meterOf(2, 'a', 'b', 'c');
  meter.told({ version: '1', records: 8, counts: [5, 3, 0, 4, 4, 0, 8, 0, 0] }, 0);
  t.deepEqual(
    meter.readings(0)[0]?.columns.map((each) => each.column),
    ['c', 'a'],
  );
});

test('versions have windows of their own; what is told of one that nobody watches is lost', (t) => {
  const meter = meterOf(10, 'a');
  meter.watch('2', distribution('a'));
  for (const version of ['1', '2', '3']) meter.told({ version, records: 1, counts: [1, 0, 0] }, 0);
  const versions = () => meter.readings(0).map(({ version }) => version);
  t.deepEqual(versions(), ['1', '2']);
  meter.forget('1');
  t.deepEqual(versions(), ['2']);
  meter.begin();
  t.deepEqual(versions(), []);
});
