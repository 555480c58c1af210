// What the bench says of its figures: medians with their range, a comparison that knows its spread,
// a slope that knows its error.

import test from 'ava';
import fc from 'fast-check';
import type { Result } from '../../bench/harness/result.ts';
import { median, slopeOf } from '../../bench/harness/statistics.ts';
import { compare } from '../../bench/report/compare.ts';
import { html } from '../../bench/report/html.ts';
import { markdown } from '../../bench/report/markdown.ts';
import { svg } from '../../bench/report/svg.ts';
import { Random } from '../../src/load/random.ts';

const resultWith = (runs: Result['runs'], more: Partial<Result> = {}): Result => ({
  scenario: 'throughput',
  measures: 'how fast',
  command: 'npm run bench -- throughput',
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 12,
  machine: {
    cpu: 'A <CPU>',
    cores: 2,
    memoryBytes: 2 ** 30,
    system: 'Linux',
    versions: { node: '24' },
    revision: 'abc',
  },
  log: 'Kafka',
  config: { input: { topic: 'in' } },
  metrics: [
    { name: 'throughput', unit: 'records/s', better: 'higher', digits: 0 },
    { name: 'CPU', unit: 'us/record', better: 'lower', digits: 1 },
  ],
  runs,
  plots: [],
  goals: [],
  notes: [],
  ...more,
});

test('a figure is the median of its rounds, with the lowest and the highest', (t) => {
  const text = markdown(
    resultWith([{ name: 'one', figures: { throughput: [1000, 3000, 2500], CPU: [1.25] } }]),
  );
  t.true(text.includes('| one | 2,500 (1,000 to 3,000) | 1.3 |'));
});

test('a goal that is not met says so, in both forms', (t) => {
  const goals = [{ what: 'ten times', wanted: 'at least 10', measured: '7', isMet: false }];
  t.true(markdown(resultWith([], { goals })).includes('| ten times | at least 10 | 7 | NOT MET |'));
  t.true(html(resultWith([], { goals })).includes('class="bad">not met'));
});

test('what is printed in the page cannot be taken for its markup', (t) => {
  t.true(html(resultWith([])).includes('A &lt;CPU&gt;'));
});

test('a difference is one only when the rounds do not overlap, and its direction has a meaning', (t) => {
  const before = resultWith([
    { name: 'one', figures: { throughput: [100, 110, 120], CPU: [5, 5.5, 6] } },
    { name: 'gone', figures: { throughput: [1] } },
  ]);
  const after = resultWith([
    { name: 'one', figures: { throughput: [130, 140, 150], CPU: [5.9, 6.5, 7] } },
    { name: 'new', figures: { throughput: [1] } },
  ]);
  const text = compare(before, after);
  t.regex(
    text,
    /one \| throughput, records\/s \| 110 \(100 to 120\) \| 140 \(130 to 150\) \| \+27\.3 % \| better/,
  );
  t.regex(text, /one \| CPU, us\/record \| .* \| \+18\.2 % \| within the spread/);
  t.regex(text, /new \| {2}\| not measured/);
  t.regex(text, /gone \| {2}\| {2}\| not measured/);
  t.regex(compare(after, before), /throughput.* \| worse/);
  t.throws(() => compare(before, { ...after, scenario: 'latency' }), { instanceOf: RangeError });
});

test('one round has no spread, and the comparison says that', (t) => {
  const of = (throughput: number) => resultWith([{ name: 'one', figures: { throughput: [throughput] } }]);
  t.regex(compare(of(1), of(2)), /\+100\.0 % \| one round: spread not known/);
});

test('every kind of plot is drawn', (t) => {
  for (const kind of ['line', 'logarithmic', 'percentile', 'bars', 'stacked'] as const) {
    const at = kind === 'bars' || kind === 'stacked' ? ['a', 'b'] : [1, 99];
    const series = [{ name: 'first series', points: at.map((x) => [x, 5] as const) }];
    const text = svg({ title: 'a plot', x: 'the x axis', y: 'ms', kind, series: [...series, ...series] });
    t.regex(text, /^<svg[^>]*>[\s\S]*a plot[\s\S]*<\/svg>$/);
    t.true(text.includes('first series'));
  }
});

test('the median is in the middle', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
  t.true(Number.isNaN(median([])));
});

test('the slope of a line is found exactly, with no error', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -1000, max: 1000 }), (by, from) => {
        const x = Array.from({ length: 50 }, (_, index) => index);
        const { slope, error } = slopeOf(
          x,
          x.map((value) => from + by * value),
        );
        return Math.abs(slope - by) < 1e-9 && error < 1e-9;
      }),
    ),
  );
});

test('the error of a slope covers what wanders without a trend, and not what grows', (t) => {
  const random = new Random(11);
  const x = Array.from({ length: 600 }, (_, index) => index / 60);
  let beyond = 0;
  for (let trial = 0; trial < 200; trial++) {
    // Memory wanders: each value is near the one before.
    let at = 0;
    const wandering = x.map(() => (at = 0.8 * at + random.normal()));
    const flat = slopeOf(x, wandering);
    if (Math.abs(flat.slope) > 3 * flat.error) beyond++;
    const growing = slopeOf(
      x,
      wandering.map((value, index) => value + (x[index] as number)),
    );
    t.true(growing.slope > 3 * growing.error);
  }
  t.true(beyond <= 4, `${beyond} of 200 flat ones look like growth`);
});
