// What `tune` tries, on which machine and for which model.

import test from 'ava';
import type { BackendReport } from '../../src/model/choose.ts';
import type { Backend } from '../../src/model/predictor.ts';
import { coordinatesFor, type Possible, startOf } from '../../src/tuning/coordinates.ts';
import { demoConfig } from '../support/config.ts';

const report = (backend: Backend, microsPerRecord: number | null): BackendReport => ({
  backend,
  missing: microsPerRecord === null ? 'not installed' : null,
  isMissing: microsPerRecord === null,
  runtime: null,
  microsPerRecord,
});

const possible = (more: Partial<Possible> = {}): Possible => ({
  config: demoConfig(),
  workers: 7,
  cores: 8,
  backend: 'native',
  backends: [report('native', 0.2), report('wasm', 0.4), report('cpu', 5), report('onnx', null)],
  lanes: null,
  isFree: () => true,
  ...more,
});

const valuesOf = (key: string, more: Partial<Possible> = {}): readonly unknown[] =>
  coordinatesFor(possible(more)).find((each) => each.key === key)?.values ?? [];

test('threads are tried up to the cores, and no more than there are partitions where a lane has one thread', (t) => {
  t.deepEqual(valuesOf('scoring.workers'), [1, 4, 8]);
  t.deepEqual(valuesOf('scoring.workers', { lanes: 4 }), [1, 4]);
  t.deepEqual(valuesOf('scoring.workers', { workers: 1, cores: 1 }), []);
});

test('backends are tried that are there and not far slower than the fastest', (t) => {
  t.deepEqual(valuesOf('model.backend'), ['wasm']);
});

test('sizes are tried on both sides of that of now, within bounds', (t) => {
  t.deepEqual(valuesOf('scoring.predictRecords'), [512, 8192]);
  t.deepEqual(valuesOf('microBatch.records', { config: demoConfig('microBatch.records=512') }), [2048]);
});

test('what is somebody else’s to say is not tried, nor what has one value only', (t) => {
  t.deepEqual(valuesOf('scoring.workers', { isFree: (key) => key !== 'scoring.workers' }), []);
  t.deepEqual(valuesOf('microBatch.linger'), []);
  t.deepEqual(valuesOf('microBatch.linger', { config: demoConfig('microBatch.linger=5ms') }), [0]);
});

test('every key that is tried has a value to begin with', (t) => {
  const start = startOf(possible());
  for (const { key, values } of coordinatesFor(possible())) {
    t.not(start[key], undefined, key);
    t.false(values.includes(start[key] ?? ''), key);
  }
});
