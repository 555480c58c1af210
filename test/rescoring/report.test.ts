// The report says the same as text and as a page. The page needs nothing from elsewhere, runs
// nothing, and can be read by everybody, light and dark.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { Random } from '../../src/load/random.ts';
import { Comparison } from '../../src/rescoring/comparison.ts';
import { barsOf, boundsOf } from '../../src/rescoring/histogram.ts';
import type { ReadAnswers } from '../../src/rescoring/read-answers.ts';
import { type ReplayReport, reportOf } from '../../src/rescoring/report.ts';
import { reportPage } from '../../src/rescoring/report-page.ts';
import { reportInWords } from '../../src/rescoring/report-text.ts';
import { LABEL, type Label } from '../../src/rescoring/result-reader.ts';
import { Sketch } from '../../src/statistics/sketch.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { violations, withBrowser } from '../support/browser.ts';

const test = anyTest as TestFn;
const open = withBrowser(test);

const RECORDS = 5_000;
const THRESHOLDS = { candidate: 0.5, baseline: 0.5 };

/** Of scores and labels that are given, not read. */
const given = (scores: readonly number[], labels: readonly Label[]): ReadAnswers =>
  ({
    count: scores.length,
    offsets: scores.map((_, offset) => offset),
    scores,
    labels,
    idOf: (index: number) => `<b>id & "${index}"</b>`,
  }) as unknown as ReadAnswers;

function reported(hasBaseline: boolean): ReplayReport {
  const random = new Random(11);
  const labels = Array.from({ length: RECORDS }, () =>
    random.next() < 0.03 ? LABEL.positive : LABEL.negative,
  );
  const risks = labels.map((label) => random.normal() - (label === LABEL.positive ? 0 : 5));
  const score = (risk: number): number => Math.fround(1 / (1 + Math.exp(-risk)));
  const comparison = new Comparison(1, THRESHOLDS, hasBaseline);
  const candidate = given(
    risks.map((risk) => score(risk + random.normal() / 3)),
    labels,
  );
  comparison.add(0, candidate, hasBaseline ? given(risks.map(score), labels) : null, null);
  comparison.counts.records = RECORDS + 2;
  comparison.candidate.dead({ MISSING_FIELD: 2 });
  const version = { model: 'cards', version: '2', fingerprint: '' };
  return reportOf(
    {
      plan: {
        topic: 'payments',
        topicId: null,
        from: 'earliest',
        to: 'latest',
        ranges: [{ from: 0, until: RECORDS + 2 }],
        candidate: version,
        baseline: hasBaseline ? { ...version, version: '1' } : null,
        score: 'score',
        thresholds: THRESHOLDS,
        label: 'fraud',
        id: 'id',
        labelsTopic: null,
        toTopic: null,
      },
      comparison,
    },
    ['wasm', 'wasm'],
    2,
  );
}

const file = (name: string, text: string): string => {
  const path = join(tempFolder('report'), name);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
};

for (const colorScheme of ['light', 'dark'] as const)
  test(`the page asks for nothing, runs nothing and fails no rule of accessibility: ${colorScheme}`, async (t) => {
    const html = reportPage(reported(true));
    t.false(/<script|https?:|url\(/.test(html));
    const { page, complaints, elsewhere } = await open(file('report.html', html), { colorScheme });
    t.deepEqual(await violations(page), []);
    t.deepEqual([complaints, elsewhere], [[], []]);
    t.is(await page.title(), 'Replay of payments: cards@2 against cards@1');
    t.is(await page.locator('svg path').count(), 3, 'two versions, and their difference');
    // An id is the text that it is, whatever it holds.
    t.regex((await page.locator('table').last().textContent()) ?? '', /<b>id & "\d+"<\/b>/);
    await page.setViewportSize({ width: 360, height: 740 });
    t.true(await page.evaluate('document.documentElement.scrollWidth <= 360'), 'it fits a phone');
  });

test('a version alone has a page and a text too, without what needs two', (t) => {
  const report = reported(false);
  t.is(report.comparison, null);
  t.notRegex(reportPage(report), /against|What changes/);
  t.notRegex(reportInWords(report).join('\n'), /against/);
});

test('the text says what the figures are', (t) => {
  const report = reported(true);
  const text = reportInWords(report).join('\n');
  t.regex(
    text,
    /^5,002 records of payments \(1 of 1 partitions, from earliest to latest\), in 2\.0 s: 2,501 records\/s$/m,
  );
  t.regex(text, /^cards@2 on wasm: 5,000 scored, 2 dead letters: MISSING_FIELD 2$/m);
  t.regex(text, /^cards@1 on wasm: 5,000 scored, no dead letters$/m);
  t.regex(text, /AUC 0\.9\d+/);
  const { comparison } = report;
  const flips = (comparison?.flipsUp ?? 0) + (comparison?.flipsDown ?? 0);
  t.true(flips > 0);
  t.regex(
    text,
    new RegExp(
      `decisions that flip: ${flips} \\(.* %\\), ${comparison?.flipsUp} up, ${comparison?.flipsDown} down`,
    ),
  );
  t.is(text.split('\n').filter((line) => /<b>id/.test(line)).length, 20);
});

test('bars of a plot hold all values, each where it belongs', (t) => {
  const sketch = new Sketch(10);
  const random = new Random(2);
  const values = Array.from({ length: 2_000 }, () => random.normal());
  for (const value of values) sketch.add(value);
  const bars = barsOf(sketch, boundsOf([sketch]), 20);
  t.is(bars.length, 20);
  t.true(Math.abs(bars.reduce((sum, { count }) => sum + count, 0) - 2_000) < 1e-6);
  for (const { from, to, count } of bars) {
    const inside = values.filter((value) => value >= from && value < to).length;
    t.true(Math.abs(count - inside) <= 10, `${count} and ${inside} from ${from} to ${to}`);
  }
  t.deepEqual(barsOf(new Sketch(10), boundsOf([new Sketch(10)])), []);
});

test('an id is as long as a table can bear, and nothing that a terminal would obey', (t) => {
  const wild = `\u001b[2J${'x'.repeat(10_000)}`;
  const report = reported(true);
  const [first] = report.comparison?.largest ?? [];
  const largest = [{ ...(first as NonNullable<typeof first>), id: wild }];
  const { comparison } = report;
  const wilder = { ...report, comparison: comparison === null ? null : { ...comparison, largest } };
  const text = reportInWords(wilder).join('\n');
  t.false(text.includes('\u001b'));
  t.true(text.split('\n').every((line) => line.length < 400));
  t.true(text.includes('\ufffd[2Jxxx'));
  t.false(reportPage(wilder).includes('x'.repeat(100)));
});
