// Results and labels in any order, in bounded memory: the figures are those of all pairs, or of a
// sample by id of which the share is known.

import test from 'ava';
import { Random } from '../../src/load/random.ts';
import { LateLabels } from '../../src/rescoring/late-labels.ts';
import { LABEL } from '../../src/rescoring/result-reader.ts';
import { areaUnderRoc, averagePrecision, groupsOfSample } from '../../src/statistics/ranking.ts';

const HOUR_MS = 3_600_000;
const random = new Random(11);
const PAIRS = Array.from({ length: 4_000 }, (_, index) => {
  const fraud = random.next() < 0.3;
  return {
    id: `t${index}`,
    fraud,
    score: Math.fround(random.next() * (fraud ? 1 : 0.8)),
    rank: random.next(),
  };
});

const joined = (recordsMax = 1e6) => new LateLabels({ withinMs: HOUR_MS, recordsMax });

test('whatever comes first, the figures are those of all scores with their labels', (t) => {
  const labels = joined();
  const events = PAIRS.flatMap(({ id, fraud, score, rank }) => [
    { rank, tell: () => labels.result(id, '3', score, 1_000) },
    {
      rank: random.next(),
      tell: () => labels.label(id, fraud ? LABEL.positive : LABEL.negative, 2_000),
    },
  ]);
  for (const { tell } of events.toSorted((one, other) => one.rank - other.rank)) tell();
  const [row, ...others] = labels.rows(3_000, 0.5);
  t.is(others.length, 0);
  const groups = groupsOfSample(
    PAIRS.map(({ score }) => score),
    PAIRS.map(({ fraud }) => fraud),
  );
  t.like(row, { version: '3', results: PAIRS.length, labelled: PAIRS.length });
  for (const [found, exact] of [
    [row?.areaUnderRoc, areaUnderRoc(groups)],
    [row?.averagePrecision, averagePrecision(groups)],
  ] as const)
    t.true(
      found !== null && found !== undefined && Math.abs(found.value - exact.value) <= found.error + 1e-12,
    );
  const decided = PAIRS.filter(({ score }) => score > 0.5);
  t.is(row?.precision, decided.filter(({ fraud }) => fraud).length / decided.length);
});

test('a record that was scored twice counts once, by its last result; so does its last label', (t) => {
  const labels = joined();
  labels.result('a', '1', 0.1, 0);
  labels.result('a', '2', 0.9, 1);
  labels.label('a', LABEL.positive, 2);
  labels.label('a', LABEL.negative, 3);
  const rows = labels.rows(10, 0.5);
  t.deepEqual(
    rows.map(({ version, results, labelled, positives, precision }) => [
      version,
      results,
      labelled,
      positives,
      precision,
    ]),
    [['2', 1, 1, 0, 0]],
  );
});

test('a result counts for as long as was said, and a label that comes later than that does not', (t) => {
  const labels = joined();
  labels.result('early', '1', 0.9, 0);
  labels.label('early', LABEL.positive, HOUR_MS);
  labels.result('late', '1', 0.9, 10);
  labels.label('late', LABEL.positive, HOUR_MS + 11);
  labels.label('of nothing', LABEL.positive, 0);
  t.like(labels.rows(HOUR_MS, 0.5)[0], { results: 2, labelled: 1 });
  t.is(labels.size, 3);
  t.like(labels.rows(HOUR_MS + 5, 0.5)[0], { results: 1, labelled: 0 });
  t.is(labels.size, 1, 'what is older is forgotten');
  t.deepEqual(labels.rows(2 * HOUR_MS, 0.5), []);
});

test('more records than may be kept become a sample by id: results and labels of the same ids, and about as good', (t) => {
  const labels = joined(1_000);
  for (const { id, score } of PAIRS) labels.result(id, '1', score, 0);
  for (const { id, fraud } of PAIRS) labels.label(id, fraud ? LABEL.positive : LABEL.negative, 1);
  t.true(labels.size <= 1_000);
  t.true([1 / 4, 1 / 8].includes(labels.share), String(labels.share));
  const [row] = labels.rows(10, 0.5);
  t.is(row?.results, labels.size, 'no label without its result is kept');
  t.is(row?.labelled, labels.size);
  const sampled = labels.size / PAIRS.length;
  t.true(Math.abs(sampled / labels.share - 1) < 0.2, 'the share is what it says');
  const exact = areaUnderRoc(
    groupsOfSample(
      PAIRS.map(({ score }) => score),
      PAIRS.map(({ fraud }) => fraud),
    ),
  ).value;
  t.true(Math.abs((row?.areaUnderRoc?.value ?? 0) - exact) < 0.06);
});
