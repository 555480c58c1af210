// `models report` on a real broker: results joined with labels that came later give the figures
// that all scores and labels together give, by version and by day.

import anyTest, { type TestFn } from 'ava';
import type { QualityReport } from '../../src/daemon/live-quality.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { Random } from '../../src/load/random.ts';
import { areaUnderRoc, averagePrecision, groupsOfSample } from '../../src/statistics/ranking.ts';
import { createTopics } from '../../tools/topics.ts';
import { type Ended, flags, type Job, newJob, Program } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf } from '../support/records.ts';
import { windowsModel } from '../support/windows-model.ts';

const test = anyTest as TestFn;

interface Given {
  readonly id: string;
  readonly version: string;
  readonly score: number;
  readonly fraud: boolean;
  readonly timestampMs: number;
}

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 30, 6);
const random = new Random(7);
/** Three days; version 2 takes over after half of them, and puts fraud a little higher. */
const GIVEN: readonly Given[] = Array.from({ length: 600 }, (_, index) => {
  const fraud = random.next() < 0.2;
  const version = index < 300 ? '1' : '2';
  const score = Math.fround(
    Math.min(1, random.next() * (fraud ? 1 : 0.7) + (fraud && version === '2' ? 0.2 : 0)),
  );
  return { id: `t${index}`, version, score, fraud, timestampMs: START_MS + (3 * DAY_MS * index) / 600 };
});
/** The others have none yet. */
const LABELLED = 500;

let job: Job;
let labels: string;

withBroker(test, {}, async ({ address }) => {
  const { settings } = windowsModel('\n  - { path: amount }', '{}', '1', {
    more: 'results: [{ as: fraudulent, threshold: score, above: 0.5 }]\n',
  });
  job = await newJob(address, [...settings, 'input.format=json', 'output.format=json', 'output.ids=[id]'], 2);
  labels = `${job.results}-labels`;
  await createTopics(address, { [labels]: 3 });
  const sinkSettings = settingsFor(address);
  const sink = new KafkaSink(kafkaFor(sinkSettings), sinkSettings);
  await sink.start();
  for (const partition of [0, 1]) {
    const records = GIVEN.filter((_, index) => index % 2 === partition).map(
      ({ id, version, score, timestampMs }) => ({
        ...{ key: id, timestampMs },
        value: JSON.stringify({ id, score, fraudulent: score > 0.5, model: 'cards', version }),
      }),
    );
    // Others may write there too.
    const strange = ['no JSON', '17'].map((value) => ({ key: null, value }));
    await sink.produce([batchOf(job.results, partition, [...strange, ...records])]);
  }
  const late = GIVEN.slice(0, LABELLED).map(({ id, fraud }) => ({
    key: null,
    value: JSON.stringify({ id, chargeback: fraud }),
  }));
  // A label that is taken back: the last one counts.
  const first = { key: null, value: JSON.stringify({ id: 't0', chargeback: !GIVEN[0]?.fraud }) };
  await sink.produce([batchOf(labels, 1, [first, ...late])]);
  await sink.stop();
});

const report = (...args: readonly string[]): Promise<Ended & { readonly printed: string }> => {
  const program = new Program([
    ...['models', 'report', '--config', 'config/kafka.yaml', ...flags(job, [])],
    ...['--labels', 'chargeback', '--labels-topic', labels, ...args],
  ]);
  return program.ended.then((ended) => ({ ...ended, printed: program.printed }));
};

test.serial('the figures of each version and day are those of its scores and labels', async (t) => {
  const { code, out, printed } = await report('--json');
  t.is(code, 0, out);
  const { rows, ...found } = JSON.parse(printed) as QualityReport;
  t.deepEqual(found, { score: 'score', threshold: 0.5, unreadable: 4 });
  t.deepEqual(
    rows.map(({ version, day }) => `${version} ${day}`),
    [
      ...['1 null', '1 2026-01-30', '1 2026-01-31'],
      ...['2 null', '2 2026-01-31', '2 2026-02-01', '2 2026-02-02'],
    ],
  );
  for (const row of rows) {
    const of = GIVEN.filter(
      ({ version, timestampMs }) =>
        version === row.version &&
        (row.day === null || new Date(timestampMs).toISOString().startsWith(row.day)),
    );
    const known = of.filter((given) => GIVEN.indexOf(given) < LABELLED);
    t.is(row.results, of.length);
    t.is(row.labelled, known.length);
    if (known.length === 0) {
      t.like(row, {
        positives: 0,
        areaUnderRoc: null,
        averagePrecision: null,
        precision: null,
        brierScore: null,
      });
      continue;
    }
    const groups = groupsOfSample(
      known.map(({ score }) => score),
      known.map(({ fraud }) => fraud),
    );
    const within = (name: 'areaUnderRoc' | 'averagePrecision', exact: number): void => {
      const { value, error } = row[name] as { readonly value: number; readonly error: number };
      t.true(Math.abs(value - exact) <= error + 1e-12, `${row.version} ${row.day}: ${name}`);
    };
    within('areaUnderRoc', areaUnderRoc(groups).value);
    within('averagePrecision', averagePrecision(groups).value);
    const decided = known.filter(({ score }) => score > 0.5);
    const right = decided.filter(({ fraud }) => fraud).length;
    t.is(row.positives, known.filter(({ fraud }) => fraud).length);
    t.is(row.precision, right / decided.length);
    t.is(row.recall, right / row.positives);
    const brier =
      known.reduce((sum, { score, fraud }) => sum + (score - Number(fraud)) ** 2, 0) / known.length;
    t.true(Math.abs((row.brierScore ?? 0) - brier) < 1e-9);
  }
});

test.serial('people read a table; a range of time is a range of records', async (t) => {
  const { code, out, printed } = await report('--from', '2026-02-01T00:00:00Z', '--threshold', '0.9');
  t.is(code, 0, out);
  const lines = printed.trim().split('\n');
  t.regex(lines[0] ?? '', /^version +day +results +labelled +positive +AUC +AP +precision +recall +Brier$/);
  t.deepEqual(
    lines.slice(1).map((line) => line.split(/ +/).slice(0, 2).join(' ')),
    ['2 all', '2 2026-02-01', '2 2026-02-02'],
  );
  t.regex(out, /score: precision and recall at 0\.9/);
});

test.serial('what cannot be joined is told, with what would help', async (t) => {
  const says = async (exit: number, expected: RegExp, ...args: readonly string[]): Promise<void> => {
    const { code, out } = await report(...args);
    t.is(code, exit, out);
    t.regex(out, expected);
  };
  await says(
    78,
    /output\.ids: expected a field by which results and their labels are joined/,
    '--set',
    'output.ids=[]',
  );
  await says(
    64,
    /--score: expected a single number in the results of cards@1, one of score, found risk/,
    '--score',
    'risk',
  );
});
