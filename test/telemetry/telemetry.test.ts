// What is measured: percentiles that are right to three digits, a rate that counts every record, a line for people.

import test from 'ava';
import { Meter } from '../../src/telemetry/meter.ts';
import { Progress, progressLine } from '../../src/telemetry/progress.ts';
import { STAGES, StageHistograms } from '../../src/telemetry/stages.ts';

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

test('the summary counts records, dead letters and end-to-end latency from the timestamps of the records', (t) => {
  const meter = new Meter();
  const scored = {
    scored: 9,
    deadLetters: 1,
    timestamps: { timestampsMs: [1_000, 1_500], counts: [4, 6] },
    decodeMs: 1,
    predictMs: 2,
    encodeMs: 3,
  };
  meter.microBatchScored(scored, 10);
  meter.microBatchAcknowledged(scored, 7, 2_000);
  const summary = meter.summary({ backend: 'wasm', model: 'm 1', versions: {} });
  t.like(summary, { scored: 9, deadLetters: 1, microBatches: 1, backend: 'wasm' });
  t.deepEqual(Object.keys(summary.latencyMs), [...STAGES]);
  const near = (found: number, expected: number) =>
    t.true(Math.abs(found - expected) <= expected / 500 + 0.001, `${found}`);
  near(summary.latencyMs.endToEnd.max, 1_000);
  near(summary.latencyMs.endToEnd.p50, 500);
  near(summary.latencyMs.queue.max, 4);
  near(summary.latencyMs.produce.max, 7);
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
  endToEnd: { p50: 1.25, p99: 9.5, p999: 10, max: 11 },
  lag: 1_000,
};

test('the line says what people look for', (t) => {
  t.is(progressLine(now), '12,345 scored  6 dead letters  789 records/s  p50 1.3 ms  p99 9.5 ms  lag 1,000');
});

test('on a terminal the line is rewritten in place, elsewhere it is a plain line', (t) => {
  for (const isTTY of [true, false]) {
    const written: string[] = [];
    const progress = new Progress({ isTTY, write: (text) => written.push(text) });
    progress.show(now);
    progress.end();
    t.is(written.join(''), isTTY ? `\r\u001b[2K${progressLine(now)}\n` : `${progressLine(now)}\n`);
  }
});
