// What the bench says of its figures: medians with their range, a comparison that knows its spread,
// a slope that knows its error.

import test from 'ava';
import fc from 'fast-check';
import { Runs } from '../../bench/harness/figures.ts';
import { throughputPlot } from '../../bench/harness/plots.ts';
import type { Result } from '../../bench/harness/result.ts';
import { slopeOf } from '../../bench/harness/statistics.ts';
import { compare } from '../../bench/report/compare.ts';
import { html } from '../../bench/report/html.ts';
import { markdown } from '../../bench/report/markdown.ts';
import { svg } from '../../bench/report/svg.ts';
import { median } from '../../src/base/median.ts';
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
  configs: [
    { name: 'msgpack', config: { 'input.format': 'msgpack', 'scoring.workers': 2 } },
    { name: 'json', config: { 'input.format': 'json', 'scoring.workers': 2 } },
  ],
  metrics: [
    { name: 'throughput', unit: 'records/s', better: 'higher', digits: 0, meaning: 'how many a second' },
    { name: 'CPU', unit: 'us/record', better: 'lower', digits: 1, meaning: 'what each costs' },
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

test('a report says what its figures are, and which configurations ran: the first whole, of others what differs', (t) => {
  const result = resultWith([{ name: 'one', figures: { throughput: [1], CPU: [1] } }]);
  for (const text of [markdown(result), html(result)]) {
    t.true(text.includes('throughput (records/s): how many a second; higher is better'));
    t.true(text.includes('A figure is the median of its rounds'));
  }
  const page = html(result);
  t.true(page.includes('<h3>msgpack</h3><pre>input.format: &quot;msgpack&quot;\nscoring.workers: 2</pre>'));
  t.true(
    page.includes('<h3>json: what differs from the first</h3><pre>input.format: &quot;json&quot;</pre>'),
  );
});

test('a difference is one only when the rounds do not overlap, its direction has a meaning, and the rest is one sentence', (t) => {
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
  t.false(text.includes('CPU, us/record'), 'it is within the spread');
  t.true(text.includes('1 other figures are within their spread.'));
  t.true(text.includes('Measured only after: new.') && text.includes('Measured only before: gone.'));
  t.regex(compare(after, before), /throughput.* \| worse/);
  t.true(compare(before, before).includes('No figure differs by more than its spread.'));
  t.throws(() => compare(before, { ...after, scenario: 'latency' }), { instanceOf: RangeError });
});

test('a comparison names what else differs: machine, versions, configuration', (t) => {
  const before = resultWith([]);
  const after = resultWith([], {
    machine: { ...before.machine, cores: 4, revision: 'def', versions: { node: '25' } },
    configs: [{ name: 'msgpack', config: { 'input.format': 'msgpack' } }],
  });
  const text = compare(before, after);
  for (const line of ['cores: 2 -> 4', 'node: "24" -> "25"', 'scoring.workers: 2 -> not set'])
    t.true(text.includes(`differs: ${line}`), text);
  t.false(text.includes('input.format:'), text);
});

test('one round has no spread, and the comparison says that', (t) => {
  const of = (throughput: number) => resultWith([{ name: 'one', figures: { throughput: [throughput] } }]);
  t.regex(compare(of(1), of(2)), /\+100\.0 % \| one round: spread not known/);
});

test('a case that was measured for less than two seconds is said to be too short', (t) => {
  const runs = new Runs();
  runs.add('quick', { throughput: 1 }, 5);
  runs.add('quick', { throughput: 1 }, 0.4);
  runs.add('slow', { throughput: 1 }, 2);
  runs.add('timed', { throughput: 1 });
  t.deepEqual(runs.tooShort, [
    'TOO SHORT TO MEASURE: quick was measured for 0.4 s only. Give it more records: --count.',
  ]);
  const result = resultWith(runs.all);
  for (const text of [markdown(result), html(result)]) {
    t.true(text.includes('quick (too short to measure)'));
    t.false(text.includes('slow (too short'));
  }
  const [drawn] = throughputPlot(runs.all).series;
  t.deepEqual(
    drawn?.points.map(([name]) => name),
    ['slow', 'timed'],
    'nor is its bar drawn',
  );
});

test('percentiles are named as people speak of them', (t) => {
  const points = [50, 90, 99, 99.9].map((percentile) => [percentile, percentile] as const);
  const series = [{ name: 'one', points }];
  const text = svg({ title: 'latency', x: 'percentile', y: 'ms', kind: 'percentile', series });
  for (const tick of ['p50', 'p90', 'p99', 'p99.9']) t.true(text.includes(`>${tick}<`), tick);
});

test('ours are set off from the others by their colour', (t) => {
  const series = [{ name: 'records/s', points: [['theirs', 1] as const, ['ours', 2] as const] }];
  const plot = { title: 'fast', x: '', y: 'records/s', kind: 'bars' as const, series };
  const fills = (text: string): Set<string> => new Set(text.match(/fill="#[0-9a-f]{6}"/g));
  const [plain, marked] = [fills(svg(plot)), fills(svg({ ...plot, ours: ['ours'] }))];
  t.is([...marked].filter((fill) => !plain.has(fill)).length, 2, [...marked].join());
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
