// `replay` on a real broker: a range of history scored with another version of a model gives what
// the live job gave, to the bit, and touches nothing of it. Interrupted in whatever way, it goes on
// and reports the same.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { KafkaSink } from '../../src/kafka/sink.ts';
import type { SavedRun } from '../../src/rescoring/run-plan.ts';
import { areaUnderRoc, averagePrecision, groupsOfSample } from '../../src/statistics/ranking.ts';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, type Job, newJob, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf, type PartitionRecord } from '../support/records.ts';
import { lasting, type Replayed, replaysOf, SLOWLY } from '../support/replays.ts';
import { bySource, recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';
import { windowsModel } from '../support/windows-model.ts';

const test = anyTest as TestFn;

const PARTITIONS = 3;
const RECORDS = 20_000;
const SIZE = ['--customers', '500', '--terminals', '1000', '--generate', 'transactions', '--rate', 'max'];
/** A record that no version can score. */
const BROKEN = 'no transaction';

const PLAIN = `
  - { path: amount, log1p: true }
  - { time: hour, path: at }`;
const WINDOWS = `${PLAIN}
  - { window: { function: count, by: customer, size: 7d } }
  - { window: { function: mean, by: customer, of: amount, size: 1d } }`;
const LONGER = `${PLAIN}
  - { window: { function: mean, by: customer, of: amount, size: 30d } }`;
const DECIDES = 'results: [{ as: fraudulent, threshold: score, above: 0.5 }]\n';

/**
 * A job that was scored by version 1, which has windows; 2 has longer ones, and 3 has none. 4 and 5
 * are one model: only 4 has the plan of 2, as 5 may keep more keys.
 */
let job: Job;
let models: string;
/** Its results, by source: partition and offset. */
let live: Map<string, PartitionRecord>;
/** By partition, where the input ends. */
let ends: readonly number[];

withBroker(test, {}, async ({ address }) => {
  const { settings, repository } = windowsModel(WINDOWS, '{ time: at }', '1', { more: DECIDES });
  models = repository;
  windowsModel(LONGER, '{ time: at }', '2', { repository, hidden: 16, more: DECIDES });
  windowsModel(LONGER, '{ time: at }', '4', { repository, more: DECIDES });
  windowsModel(LONGER, '{ time: at, keys: 123456 }', '5', { repository, more: DECIDES });
  windowsModel(PLAIN, '{ time: at }', '3', { repository, more: DECIDES });
  job = await newJob(
    address,
    [
      ...settings,
      'model.version=1',
      'input.format=json',
      'output.format=json',
      'scoring.workers=2',
      'microBatch.records=200',
    ],
    PARTITIONS,
  );
  await produce(job, RECORDS, ...SIZE);
  const sinkSettings = settingsFor(address);
  const sink = new KafkaSink(kafkaFor(sinkSettings), sinkSettings);
  await sink.start();
  await sink.produce([batchOf(job.input, 1, [{ key: 'c1', value: BROKEN }])]);
  await sink.stop();
  await produce(job, 300, ...SIZE);
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(address)), daemon);
  await daemon.stop();
  live = bySource(await recordsOf(address, job.results));
  ends = JSON.parse(await committed()).map(Number);
});

/** The offsets of the live group, by partition. */
async function committed(): Promise<string> {
  const admin = kafkaFor(settingsFor(job.address)).admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId: job.group, topics: [job.input] });
    const offsets = found?.partitions.toSorted((left, right) => left.partition - right.partition) ?? [];
    return JSON.stringify(offsets.map(({ offset }) => offset));
  } finally {
    await admin.disconnect();
  }
}

/** All of a result that a reader sees, but where it stands in its topic and the headers. */
const seen = (record: PartitionRecord | undefined): string =>
  JSON.stringify([record?.partition, record?.key, record?.value, Number(record?.timestampMs)]);

const { replay, replayed, newFile } = replaysOf(() => job);

const WHOLE = ['--model', 'cards@1', '--against', '2', '--from', 'earliest', '--to', 'latest'];
const LABELS = ['--labels', 'fraud'];

let undisturbed: Promise<Replayed> | undefined;

/** Of all records, undisturbed: once for all tests. */
function labelledReplay(): Promise<Replayed> {
  undisturbed ??= replayed(...WHOLE, ...LABELS);
  return undisturbed;
}

test.serial(
  'a replay gives to the bit what the live job gave, from any beginning, with windows, and leaves its offsets alone',
  async (t) => {
    t.timeout(120_000);
    const before = await committed();
    const topic = `${job.results}-replayed`;
    await createTopics(job.address, { [topic]: PARTITIONS });
    const starts = ends.map((end) => Math.floor(end / 3));
    const from = starts.map((start, partition) => `${partition}:${start}`).join();
    // Ends in the middle of a record batch.
    const untils = ends.map((end) => end - 7);
    const to = untils.map((end, partition) => `${partition}:${end}`).join();
    const range = ['--from', from, '--to', to];
    const { report, state } = await replayed(
      '--model',
      'cards@1',
      '--against',
      '2',
      ...range,
      '--to-topic',
      topic,
    );

    const written = await recordsOf(job.address, topic);
    const found = bySource(written);
    const wanted = [...live.keys()].filter((source) => {
      const [partition, offset] = source.split('/').map(Number) as [number, number];
      return offset >= (starts[partition] as number) && offset < (untils[partition] as number);
    });
    t.is(written.length, wanted.length, 'each result once');
    t.deepEqual(
      wanted.filter((source) => seen(found.get(source)) !== seen(live.get(source))),
      [],
    );
    t.true(written.every(({ headers }) => Object.fromEntries(headers)['__scorelane.replay'] === 'cards@1'));
    t.is(await committed(), before, 'the offsets of the live group');
    t.is(report.candidate.scored, wanted.length);
    t.is(report.comparison?.both, wanted.length);
    t.true((report.comparison?.flipsUp ?? 0) + (report.comparison?.flipsDown ?? 0) > 0);
    t.deepEqual(report.candidate.deadLetters, { UNDECODABLE: 1 });
    t.deepEqual(
      report.partitions,
      starts.map((start, partition) => ({ partition, from: start, until: untils[partition] as number })),
    );
    t.false(existsSync(state), 'nothing is left to go on from');
    const groups = kafkaFor(settingsFor(job.address)).admin();
    await groups.connect();
    const names = (await groups.listGroups()).groups.map(({ groupId }) => groupId);
    await groups.disconnect();
    t.deepEqual(
      names.filter((name) => name.startsWith(`${job.group}-replay`)),
      [],
      'no group is left behind',
    );
  },
);

test.serial(
  'a version is equal to itself, and one without windows is compared with one that has some',
  async (t) => {
    const inputs = await recordsOf(job.address, job.input);
    const time = (inputs[Math.floor(inputs.length / 2)] as PartitionRecord).timestampMs as number;
    const same = (
      await replayed(
        '--model',
        'cards@2',
        '--against',
        '2',
        '--from',
        new Date(time).toISOString(),
        '--to',
        'latest',
      )
    ).report;
    const begins = ends.map(
      (_, partition) =>
        inputs.find((each) => each.partition === partition && Number(each.timestampMs) >= time)?.offset,
    );
    t.deepEqual(
      same.partitions.map(({ from }) => from),
      begins as number[],
    );
    const wanted = ends.reduce((sum, end, partition) => sum + end - (begins[partition] ?? 0), 0);
    t.is(same.records, wanted);
    t.is(same.comparison?.equal, wanted - 1, 'all but the broken one');
    t.deepEqual(same.comparison?.largest, []);
    t.is(same.comparison?.populationStability, 0);
    const whole = ['--from', 'earliest', '--to', 'latest'];
    const { report } = await replayed('--model', 'cards@3', '--against', 'cards@1', ...whole);
    t.is(report.comparison?.both, RECORDS + 300);
    t.is(report.comparison?.largest.length, 20);
    // The figures of the largest difference are those of the live results.
    const [largest] = report.comparison?.largest ?? [];
    const result = JSON.parse(live.get(`${largest?.partition}/${largest?.offset}`)?.value ?? '');
    t.is(largest?.baseline, result.score);
    t.is(largest?.id, String(result.id));
    const differences = report.comparison?.largest.map(({ candidate, baseline }) =>
      Math.abs(candidate - baseline),
    );
    t.deepEqual(
      differences,
      differences?.toSorted((left, right) => right - left),
    );
  },
);

test.serial(
  'versions with the same features score the same rows, and are reported as if each had read them itself',
  async (t) => {
    t.timeout(120_000);
    const against = (version: string): Promise<Replayed> =>
      replayed('--model', 'cards@2', '--against', version, ...WHOLE.slice(4), ...LABELS);
    const [together, apart] = [await against('4'), await against('5')];
    t.deepEqual(
      [together, apart].map(({ out }) => out.includes('they score the same rows')),
      [true, false],
    );
    const figures = JSON.stringify(lasting(together.report)).replaceAll('"version":"4"', '"version":"5"');
    t.is(figures, JSON.stringify(lasting(apart.report)));
    t.is(together.report.comparison?.both, RECORDS + 300);
    t.true((together.report.comparison?.equal ?? 0) < RECORDS / 2);
  },
);

for (const [how, signal] of [
  ['killed', 'SIGKILL'],
  ['interrupted', 'SIGINT'],
] as const)
  test.serial(`a replay that was ${how} half way goes on, and ends with the same report`, async (t) => {
    t.timeout(120_000);
    const { report } = await labelledReplay();
    const state = newFile('state.json');
    const first = replay(...WHOLE, ...LABELS, ...SLOWLY, ...['--state', state, '--save-every', '20ms']);
    await until('a part of it to be done', () => {
      if (!existsSync(state)) return false;
      const { comparison } = JSON.parse(readFileSync(state, 'utf8')) as SavedRun;
      return comparison.counts.records > RECORDS / 10;
    });
    const ended = await first.stop(signal);
    t.is(ended.code, signal === 'SIGINT' ? 130 : null, ended.out);
    if (signal === 'SIGINT') t.regex(ended.out, new RegExp(`To go on: .*--resume ${state}`));
    const { comparison } = JSON.parse(readFileSync(state, 'utf8')) as SavedRun;
    t.true(comparison.counts.records < RECORDS, `${comparison.counts.records} records were done`);
    const again = await replayed('--resume', state);
    t.deepEqual(lasting(again.report), lasting(report));
    t.false(existsSync(state));
  });

test.serial(
  'labels, in the records or in a topic of their own, give the AUC and average precision of both versions',
  async (t) => {
    t.timeout(120_000);
    const { report } = await labelledReplay();
    const records = (await recordsOf(job.address, job.input)).filter(({ value }) => value !== BROKEN);
    const given = records.map(({ value }) => JSON.parse(value ?? '') as { id: number; fraud: 0 | 1 });
    const { labelled } = report.candidate;
    t.is((labelled?.positives ?? 0) + (labelled?.negatives ?? 0), RECORDS + 300);
    t.true((labelled?.positives ?? 0) > 10);

    // The same labels in a topic, by the id of the record.
    const labels = `${job.input}-labels`;
    await createTopics(job.address, { [labels]: 2 });
    const labelRecords = given.map(({ id, fraud }) => ({
      key: null,
      value: JSON.stringify({ id, late: fraud }),
    }));
    const sinkSettings = settingsFor(job.address);
    const sink = new KafkaSink(kafkaFor(sinkSettings), sinkSettings);
    await sink.start();
    await sink.produce([batchOf(labels, 1, labelRecords)]);
    await sink.stop();
    // A version by its label; that another one is pinned says what serves, not what is compared.
    writeFileSync(join(models, 'cards', 'labels.yaml'), 'labels: { pinned: 3, proven: 1 }\n');
    const named = ['--model', 'cards@proven', ...WHOLE.slice(2)];
    const byTopic = await replayed(...named, '--labels', 'late', '--labels-topic', labels);
    t.deepEqual(byTopic.report.candidate.labelled, labelled);
    t.deepEqual(byTopic.report.baseline?.labelled, report.baseline?.labelled);

    const scores = records.map(({ partition, offset }) => {
      const { value } = live.get(`${partition}/${offset}`) as PartitionRecord;
      return (JSON.parse(value ?? '') as { score: number }).score;
    });
    const groups = groupsOfSample(
      scores,
      given.map(({ fraud }) => fraud === 1),
    );
    const [auc, average] = [areaUnderRoc(groups).value, averagePrecision(groups).value];
    t.true(Math.abs(auc - (labelled?.auc ?? 0)) <= (labelled?.aucError ?? 0) + 1e-12);
    t.true(
      Math.abs(average - (labelled?.averagePrecision ?? 0)) <= (labelled?.averagePrecisionError ?? 0) + 1e-12,
    );
  },
);
