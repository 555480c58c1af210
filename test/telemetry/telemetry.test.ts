// What is measured: percentiles that are right to three digits, a rate that counts every record, a
// line for people.

import test from 'ava';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { Registry } from 'prom-client';
import { addWorkers } from '../../src/metrics/workers.ts';
import { NO_RECORDS } from '../../src/scoring/record-counts.ts';
import { Meter } from '../../src/telemetry/meter.ts';
import { progressLine } from '../../src/telemetry/progress.ts';
import { STAGES, StageHistograms } from '../../src/telemetry/stages.ts';
import { ThreadMeter, usedByThreads } from '../../src/telemetry/threads.ts';
import { until } from '../support/until.ts';

test('percentiles are those of what was recorded, weighted by its count, right to a thousandth', (t) => {
  const stages = new StageHistograms();
  for (let ms = 1; ms <= 1000; ms++) stages.record('produce', ms, 2);
  const { p50, p99, p999, max } = stages.total().produce;
  for (const [found, expected] of [
    [p50, 500],
    [p99, 990],
    [p999, 999],
    [max, 1000],
  ] as const) {
    t.true(Math.abs(found - expected) <= expected / 500, `${found}, expected ${expected}`);
  }
  t.is(stages.total().decode.max, 0);
});

test('a report covers what came since the last one, the total all', (t) => {
  const stages = new StageHistograms();
  stages.record('decode', 100);
  t.true(stages.takeRecent().decode.max >= 100);
  t.is(stages.takeRecent().decode.max, 0);
  t.true(stages.total().decode.max >= 100);
});

test('a clock that runs backwards counts as no latency, not as an error', (t) => {
  const stages = new StageHistograms();
  stages.record('endToEnd', -5);
  t.is(stages.total().endToEnd.max, 0);
});

const about = { backend: 'wasm', model: 'm 1', versions: {} };

test('the summary counts records, dead letters and end-to-end latency from the timestamps of the records', (t) => {
  const meter = new Meter();
  const outcome = {
    ...NO_RECORDS,
    scored: 9,
    deadLetters: 1,
    skipped: 2,
    deadLetterCodes: { NO_VALUE: 1 } as const,
    windows: { late: 2, forgotten: 1, hurried: 3, ahead: 4 },
    timestamps: { timestampsMs: [1_000, 1_500], counts: [4, 6] },
    decodeMs: 1,
    predictMs: 2,
    encodeMs: 3,
  };
  meter.microBatchScored(outcome, 10);
  meter.microBatchAcknowledged('in/0', outcome, 7, 2_000);
  const summary = meter.summary({ backend: 'wasm', model: 'm 1', versions: {} });
  t.deepEqual(summary.deadLetterCodes, { NO_VALUE: 1 });
  t.like(summary, { scored: 9, deadLetters: 1, skipped: 2, microBatches: 1, backend: 'wasm' });
  t.deepEqual(summary.windows, { late: 2, forgotten: 1, hurried: 3, ahead: 4 });
  t.deepEqual(Object.keys(summary.latencyMs), [...STAGES]);
  const near = (found: number, expected: number) =>
    t.true(Math.abs(found - expected) <= expected / 500 + 0.001, `${found}`);
  near(summary.latencyMs.endToEnd.max, 1_000);
  near(summary.latencyMs.endToEnd.p50, 500);
  near(summary.latencyMs.queue.max, 4);
  near(summary.latencyMs.produce.max, 7);
});

const one = {
  ...NO_RECORDS,
  scored: 10,
  refusal: null,
  deadLetterCodes: {},
  windows: { late: 1, forgotten: 0, hurried: 0, ahead: 0 },
  timestamps: { timestampsMs: [1_000], counts: [10] },
  decodeMs: 1,
  predictMs: 1,
  encodeMs: 1,
};

test('what happens in the warm-up is counted and not measured', (t) => {
  const meter = new Meter(1);
  meter.threads.told({ thread: 1, cpuMicros: 5e6, gcMs: 50, tensors: 4 });
  // The first micro-batch arrived ten milliseconds ago: the next one comes after the warm-up.
  meter.microBatchScored(one, 10);
  meter.microBatchAcknowledged('in/0', one, 900, 2_000);
  meter.microBatchScored(one, 10);
  meter.microBatchAcknowledged('in/0', one, 3, 1_002);
  meter.threads.told({ thread: 1, cpuMicros: 7e6, gcMs: 60, tensors: 3 });
  const summary = meter.summary(about);
  t.like(summary, { scored: 20, measured: 10 });
  t.true(summary.latencyMs.produce.max < 4);
  t.true(summary.latencyMs.endToEnd.max < 3);
  t.deepEqual(summary.workers, [{ thread: 1, cpuSeconds: 2, gcMs: 10, tensors: 3, tensorsMax: 4 }]);
});

test('a thread that jobs share counts once, as it was last told to any of them', (t) => {
  const [one, two] = [new ThreadMeter(), new ThreadMeter()];
  one.told({ thread: 1, cpuMicros: 3e6, gcMs: 1_000, tensors: 9 });
  two.told({ thread: 1, cpuMicros: 5e6, gcMs: 2_000, tensors: 4 });
  two.told({ thread: 2, cpuMicros: 1e6, gcMs: 0, tensors: 4 });
  one.told({ thread: 2, cpuMicros: 2e6, gcMs: 500, tensors: 5 });
  t.deepEqual(usedByThreads([one, two]), { cpuSeconds: 7, gcSeconds: 2.5, tensors: 9 });
  t.is(two.tensors, 8);
});

test('a thread that is lost counts once, though all jobs are told; one that retires is told to one job', async (t) => {
  const meters = [new Meter(), new Meter()] as const;
  for (const meter of meters) meter.count('threadsLost', 2);
  meters[0].count('threadsRetired');
  meters[1].count('threadsRetired', 3);
  const registry = new Registry();
  addWorkers(registry, () => meters);
  const text = await registry.metrics();
  t.regex(text, /^scorelane_worker_restarts_total\{reason="lost"\} 2$/m);
  t.regex(text, /^scorelane_worker_restarts_total\{reason="retired"\} 4$/m);
});

test('an assignment waits for the first result of each lane that it brought, not of those that stayed', (t) => {
  const meter = new Meter();
  meter.lanesAssigned(['in/0']);
  meter.microBatchAcknowledged('in/0', one, 1, 2_000);
  meter.lanesAssigned(['in/0', 'in/1']);
  meter.microBatchAcknowledged('in/0', one, 1, 2_000);
  t.is(meter.summary(about).assignedToFirstResultMs[1], 0);
  meter.microBatchAcknowledged('in/1', one, 1, 2_000);
  const { assignedToFirstResultMs, firstResultAfterMs } = meter.summary(about);
  t.is(assignedToFirstResultMs.length, 2);
  t.true(assignedToFirstResultMs.every((ms) => ms > 0));
  t.true(firstResultAfterMs > 0 && firstResultAfterMs <= performance.now());
});

test('histograms are told in the format of HdrHistogram', (t) => {
  const stages = new StageHistograms();
  stages.record('produce', 12, 3);
  const decoded = decodeFromCompressedBase64(stages.encoded().produce);
  t.is(decoded.totalCount, 3);
  t.true(Math.abs(decoded.maxValue - 12_000) <= 12);
});

test('nothing scored is a summary of zeros, not of NaN', (t) => {
  const summary = new Meter().summary({ backend: 'wasm', model: 'm 1', versions: {} });
  t.false(JSON.stringify(summary).includes('null'));
  t.is(summary.recordsPerSecond, 0);
});

const now = {
  scored: 12_345,
  deadLetters: 6,
  recordsPerSecond: 789,
  endToEnd: { p50: 1.25, p90: 5, p99: 9.5, p999: 10, p9999: 11, max: 11 },
  lag: 1_000,
};

test('the line says what people look for, and where there is little room what they need most', (t) => {
  const line = progressLine(now);
  t.is(line(200), '12,345 scored  6 dead letters  789 records/s  p50 1.3 ms  p99 9.5 ms  lag 1,000');
  t.is(line(78), '12,345 scored  6 dead letters  789 records/s  p99 9.5 ms  lag 1,000');
  t.is(line(39), '789 records/s  p99 9.5 ms  lag 1,000');
  t.is(line(20), '789 records/s');
  t.is(
    progressLine({ ...now, recordsPerSecond: 0, endToEnd: null })(39),
    '12,345 scored  0 records/s  lag 1,000',
  );
});

test('the watched latency is that since it was last taken, and none where nothing came', (t) => {
  const stages = new StageHistograms();
  stages.record('endToEnd', 100);
  t.is(stages.takeWatched(), null, 'nobody watched before');
  stages.record('endToEnd', 5);
  t.true((stages.takeWatched()?.max ?? 99) < 6);
  t.is(stages.takeWatched(), null);
  t.true(stages.total().endToEnd.max >= 100);
});

test('the active time is that with work, each moment once; the wall time is all of it', async (t) => {
  const meter = new Meter();
  meter.microBatchScored(one, 0);
  const before = meter.summary(about);
  await until('half a second to pass', () => meter.summary(about).wallSeconds > before.wallSeconds + 0.5);
  meter.microBatchScored(one, 20);
  meter.microBatchAcknowledged('in/0', one, 10, 2_000);
  const { activeSeconds, wallSeconds } = meter.summary(about);
  t.true(activeSeconds >= 0.02 && activeSeconds < 0.25, `${activeSeconds} active`);
  t.true(wallSeconds > 0.5, `${wallSeconds} in all`);
});
