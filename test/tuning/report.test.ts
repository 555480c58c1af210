// What people are told of a search: a table, what follows from it, and when not to believe it.

import test from 'ava';
import type { RunFigures } from '../../src/tuning/figures.ts';
import { busyInWords, conclusionOf, settingAsWritten, tableOf } from '../../src/tuning/report.ts';
import type { SearchResult, Tried } from '../../src/tuning/search.ts';

const figures = (recordsPerSecond: number, p99Ms = 10): RunFigures => ({
  recordsPerSecond,
  p99Ms,
  p50Ms: p99Ms / 2,
  cpuMicrosPerRecord: 3.456,
  mainThreadShare: 0.4,
});
const tried = (key: string, value: number, more: Partial<Tried> = {}): Tried => ({
  key,
  value,
  figures: figures(100_000),
  runs: 3,
  isNow: false,
  why: 'no difference beyond noise',
  ...more,
});
const nothing: SearchResult = { changes: [], tried: [], untried: [], final: null };
const change = { key: 'scoring.workers', from: 1, to: 2, why: '50 % more records' };
const workers = [
  tried('scoring.workers', 1, { isNow: true, why: '' }),
  tried('scoring.workers', 2, { figures: figures(150_000), why: change.why }),
];

test('the table names each key once, the values below each other, and why', (t) => {
  const found = {
    ...nothing,
    tried: [...workers, tried('microBatch.linger', 5, { figures: null, why: 'cannot be run: no room' })],
  };
  t.deepEqual(tableOf(found), [
    'key                value  records/s     p50      p99  CPU us  main thread',
    'scoring.workers    1        100,000  5.0 ms  10.0 ms    3.46         40 %  as it is',
    '                   2        150,000  5.0 ms  10.0 ms    3.46         40 %  50 % more records',
    'microBatch.linger  5ms                                                     cannot be run: no room',
  ]);
  t.deepEqual(tableOf(nothing), []);
});

test('what is changed is told with its reason, and what is left or was not tried with its own', (t) => {
  const found = {
    ...nothing,
    changes: [change],
    tried: [...workers, tried('microBatch.records', 4096, { isNow: true })],
    untried: ['lanes.inFlight'],
  };
  t.deepEqual(conclusionOf(found, 20), [
    'scoring.workers: 1 -> 2: 50 % more records',
    'left as it is, as nothing that was tried is better beyond noise: microBatch.records',
    'not tried, for lack of time (--seconds): lanes.inFlight',
  ]);
  const verdict = { isBetter: false, why: 'no difference beyond noise' };
  const undone = { ...found, changes: [], final: { before: figures(100), after: figures(100), verdict } };
  t.is(
    conclusionOf(undone, 20)[0],
    'nothing is changed: all changes together against the beginning: no difference beyond noise',
  );
});

test('a target that the written settings do not keep is said not to be kept', (t) => {
  const missed = /^the target is not kept: p99 30\.0 ms, wanted 20 ms; a lower --rate, a higher target/;
  const says = (found: SearchResult): boolean => conclusionOf(found, 20).some((line) => missed.test(line));
  const now = tried('scoring.workers', 1, { isNow: true, figures: figures(100, 30) });
  const other = tried('scoring.workers', 2, { figures: figures(100, 10) });
  t.true(says({ ...nothing, tried: [now, other] }));
  t.false(says({ ...nothing, changes: [change], tried: [now, other] }), 'the other value is written');
  const slow = figures(100, 30);
  t.true(says({ ...nothing, final: { before: slow, after: slow, verdict: { isBetter: true, why: '' } } }));
  t.false(
    says({ ...nothing, final: { before: slow, after: figures(1), verdict: { isBetter: true, why: '' } } }),
  );
});

test('a machine that does much else is said to be busy', (t) => {
  t.is(busyInWords(1, 2), null);
  t.regex(busyInWords(1.5, 2) ?? '', /busy before \(load 1\.5 on 2 cores\): run it again when it is quiet/);
});

test('durations are written with their unit', (t) => {
  t.is(settingAsWritten('latency.target', 20), '20ms');
  t.is(settingAsWritten('microBatch.linger', 0), '0ms');
  t.is(settingAsWritten('microBatch.records', 20), 20);
});
