// The sums of a comparison are those of a plain computation over all records, and do not depend on
// where it was interrupted.

import test from 'ava';
import fc from 'fast-check';
import { SourceHeaders } from '../../src/answers/source-headers.ts';
import { codecs } from '../../src/codec/codecs.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { Comparison } from '../../src/rescoring/comparison.ts';
import { ReadAnswers } from '../../src/rescoring/read-answers.ts';
import { LABEL, labelOf, resultReader } from '../../src/rescoring/result-reader.ts';

const INFLATED_BYTES_MAX = 2 ** 20;
const NAMES = { score: 'score', label: 'fraud', id: 'id' };

interface Answer {
  readonly offset: number;
  readonly score: number;
  readonly fraud?: unknown;
}

const outcomeOf = (answers: readonly Answer[], format: 'json' | 'msgpack' = 'msgpack') => {
  if (answers.length === 0) return { outputs: [], resultBatches: 0 };
  const writer = new RecordBatchWriter();
  const headers = new SourceHeaders('input', 3);
  for (const { offset, score, fraud } of answers) {
    headers.set(offset);
    const value = {
      id: offset,
      score,
      ...(fraud === undefined ? {} : { fraud }),
      model: 'cards',
      version: '7',
    };
    writer.appendRecord(0, null, codecs[format].encode(value).slice(), headers.bytes.slice(0, headers.end));
  }
  const batch: ResultBatch = { topic: 'out', partition: 3, ...writer.finish() };
  return { outputs: [batch], resultBatches: 1 };
};

const read = (answers: readonly Answer[], format: 'json' | 'msgpack' = 'msgpack'): ReadAnswers => {
  const found = new ReadAnswers(resultReader(format, NAMES), INFLATED_BYTES_MAX);
  found.read(outcomeOf(answers, format));
  return found;
};

const THRESHOLDS = { candidate: 0.5, baseline: 0.25 };

for (const format of ['json', 'msgpack'] as const)
  test(`scores, labels, ids and offsets are read from results in ${format}`, (t) => {
    const found = read(
      [
        { offset: 7, score: 0.5, fraud: true },
        { offset: 1_234_567_890_123, score: 1, fraud: 0 },
        { offset: 1_234_567_890_124, score: -2, fraud: 'maybe' },
        { offset: 1_234_567_890_125, score: 0 },
      ],
      format,
    );
    t.deepEqual(found.offsets, [7, 1_234_567_890_123, 1_234_567_890_124, 1_234_567_890_125]);
    t.deepEqual(found.scores, [0.5, 1, -2, 0]);
    t.deepEqual(found.labels, [LABEL.positive, LABEL.negative, LABEL.unreadable, LABEL.absent]);
    t.deepEqual(found.idOf(1), '1234567890123');
  });

test('a label is 0 or 1, true or false, as a value or as text; null is none', (t) => {
  for (const value of [1, true, '1', 'true', 1n]) t.is(labelOf(value), LABEL.positive);
  for (const value of [0, false, '0', 'false', -0]) t.is(labelOf(value), LABEL.negative);
  for (const value of [undefined, null]) t.is(labelOf(value), LABEL.absent);
  for (const value of [2, 0.5, 'yes', '', {}]) t.is(labelOf(value), LABEL.unreadable);
});

test('a result without the number that is compared is an error with its offset, not a score', (t) => {
  const reader = resultReader('json', { ...NAMES, score: 'risk' });
  const found = new ReadAnswers(reader, INFLATED_BYTES_MAX);
  t.throws(() => found.read(outcomeOf([{ offset: 12, score: 1 }], 'json')), {
    message: /record at offset 12 has no number/,
  });
});

test('results of several partitions are compared in the order of their records', (t) => {
  const [first, second] = [
    outcomeOf([
      { offset: 2, score: 0.2 },
      { offset: 5, score: 0.5 },
    ]),
    outcomeOf([
      { offset: 1, score: 0.1 },
      { offset: 4, score: 0.4 },
    ]),
  ];
  const found = new ReadAnswers(resultReader('msgpack', NAMES), INFLATED_BYTES_MAX);
  found.read({ outputs: [...first.outputs, ...second.outputs], resultBatches: 2 });
  t.deepEqual(found.offsets, [1, 2, 4, 5]);
  t.is(found.idOf(2), '4');
});

test('records are matched by offset: what one version refused is counted apart', (t) => {
  const comparison = new Comparison(4, THRESHOLDS, true);
  const candidate = [
    { offset: 1, score: 0.75 },
    { offset: 2, score: 0.5 },
    { offset: 4, score: 0.125 },
  ];
  const baseline = [
    { offset: 0, score: 1 },
    { offset: 1, score: 0.25 },
    { offset: 4, score: 0.5 },
    { offset: 9, score: 0 },
  ];
  comparison.add(3, read(candidate), read(baseline), null);
  const { both, candidateOnly, baselineOnly, flipsUp, flipsDown, equal } = comparison.counts;
  t.deepEqual(
    { both, candidateOnly, baselineOnly, equal },
    { both: 2, candidateOnly: 1, baselineOnly: 2, equal: 0 },
  );
  // 0.75 is above 0.5 where 0.25 was not above 0.25; 0.125 is not, where 0.5 was above 0.25.
  t.deepEqual({ flipsUp, flipsDown }, { flipsUp: 1, flipsDown: 1 });
  t.deepEqual(comparison.largest.kept, [
    { partition: 3, offset: 1, id: '1', candidate: 0.75, baseline: 0.25 },
    { partition: 3, offset: 4, id: '4', candidate: 0.125, baseline: 0.5 },
  ]);
  t.is(comparison.sums.difference, 0.5 - 0.375);
  t.is(comparison.sums.absolute, 0.5 + 0.375);
});

const scored = fc.record({
  offset: fc.nat(60),
  score: fc.float({ min: 0, max: 1, noNaN: true }),
  fraud: fc.constantFrom(0, 1, true, undefined, 'what'),
});
const answers = fc.uniqueArray(scored, { selector: ({ offset }) => offset, maxLength: 60 });

test('interrupted anywhere and kept in a file, the sums are the same to the bit', (t) => {
  fc.assert(
    fc.property(answers, answers, fc.nat(60), (first, second, cut) => {
      const [candidate, baseline] = [first, second].map((all) =>
        all.toSorted((left, right) => left.offset - right.offset),
      ) as [Answer[], Answer[]];
      const whole = new Comparison(4, THRESHOLDS, true);
      whole.add(3, read(candidate), read(baseline), null);
      const part = (from: number, until: number) =>
        [candidate, baseline].map((all) =>
          read(all.filter(({ offset }) => offset >= from && offset < until)),
        ) as [ReadAnswers, ReadAnswers];
      const before = new Comparison(4, THRESHOLDS, true);
      before.add(3, ...part(0, cut), null);
      const after = Comparison.from(JSON.parse(JSON.stringify(before.saved())), THRESHOLDS);
      after.add(3, ...part(cut, 61), null);
      t.deepEqual(after.saved(), whole.saved());
    }),
  );
});

test('no more than the twenty largest differences are kept, of equal ones the first', (t) => {
  const comparison = new Comparison(4, THRESHOLDS, true);
  const all = Array.from({ length: 50 }, (_, offset) => ({ offset, score: offset < 40 ? 0.5 : 0.75 }));
  comparison.add(3, read(all), read(all.map(({ offset }) => ({ offset, score: 0.25 }))), null);
  t.deepEqual(
    comparison.largest.kept.map(({ offset }) => offset),
    [
      ...Array.from({ length: 10 }, (_, index) => 40 + index),
      ...Array.from({ length: 10 }, (_, index) => index),
    ],
  );
});
