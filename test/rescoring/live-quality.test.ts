// The figures of live scores: what is known where little is known.

import test from 'ava';
import { LiveQuality, qualityInWords } from '../../src/rescoring/live-quality.ts';
import { LABEL } from '../../src/rescoring/result-reader.ts';

test('without labels, without positives or without a threshold there are no figures, and the table says so', (t) => {
  const quality = new LiveQuality(null);
  quality.add('2', 0, 0.5, LABEL.absent);
  quality.add('10', 0, 0.5, LABEL.negative);
  quality.add('10', 0, 0.7, LABEL.unreadable);
  const rows = quality.rows();
  t.deepEqual(
    rows.map(({ version, day, results, labelled, positives }) => [
      version,
      day,
      results,
      labelled,
      positives,
    ]),
    [
      ['2', null, 1, 0, 0],
      ['2', '1970-01-01', 1, 0, 0],
      ['10', null, 2, 1, 0],
      ['10', '1970-01-01', 2, 1, 0],
    ],
  );
  for (const row of rows)
    t.like(row, { areaUnderRoc: null, averagePrecision: null, precision: null, recall: null });
  t.is(rows[0]?.brierScore, null);
  t.is(rows[2]?.brierScore, 0.25);
  t.regex(qualityInWords(rows)[1] ?? '', /^2 +all +1 +0 +0 +- +- +- +- +-$/);
});

test('a time that no date holds has no day, and spoils nothing', (t) => {
  const quality = new LiveQuality(0.5);
  quality.add('1', 9e15, 0.9, LABEL.positive);
  t.deepEqual(
    quality.rows().map(({ day, precision, recall }) => [day, precision, recall]),
    [
      [null, 1, 1],
      ['no day', 1, 1],
    ],
  );
});
