// Windows as a user has them, on a real broker: the same features from the daemon, undisturbed or
// killed and rebalanced, from `scorelane features`, and from pandas (invariant 8).

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { columnNames, type WindowInput } from '../../src/features/spec.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { cell } from '../../src/load/rows.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { addPartitions, createTopics } from '../../tools/topics.ts';
import { allCommitted, type Job, newJob, Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, python, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf } from '../support/records.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';
import { history, windowsModel } from '../support/windows-model.ts';
import { compareFeatures } from '../torture/compare-features.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const DAY_MS = 86_400_000;
const INPUTS = `
  - { path: amount, log1p: true }
  - { time: hour, path: at }
  - { window: { function: count, by: customer, size: 1d } }
  - { window: { function: count, by: customer, size: 7d } }
  - { window: { function: count, by: customer, size: 30d } }
  - { window: { function: mean, by: customer, of: amount, size: 1d } }
  - { window: { function: mean, by: customer, of: amount, size: 7d } }
  - { window: { function: mean, by: customer, of: amount, size: 30d } }
  - { window: { function: max, by: customer, of: amount, size: 6h, hop: 1h, kind: hopping } }
  - { window: { function: variance, by: customer, of: amount, size: 7d } }
  - { window: { function: distinct, by: customer, of: terminal, size: 7d } }
  - { window: { function: sum, by: customer, of: amount, size: 1d, kind: tumbling } }
  - { window: { function: timeSinceLast, by: customer, size: 30d, empty: -1 } }
  - { window: { function: mean, by: customer, of: fraud, size: 7d, delay: 7d } }`;
const CUSTOMERS = 5_000;
const DAYS = 30;
const PARTITIONS = 4;

interface Result {
  readonly id: number;
  readonly features: readonly number[];
}

/** By id, the features of every result that stands in the topic, those that repeat too. */
async function featuresOf(job: Job): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  for (const { value } of await recordsOf(job.address, job.results)) {
    const { id, features } = JSON.parse(value ?? '') as Result;
    const text = features.join(',');
    const before = found.get(id);
    if (before === undefined) found.set(id, [text]);
    else before.push(text);
  }
  return found;
}

async function resultsIn(job: Job): Promise<number> {
  const admin = kafkaFor(settingsFor(job.address)).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(job.results);
  await admin.disconnect();
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

const settings = [
  'output.format=json',
  'output.features=true',
  'microBatch.records=500',
  'scoring.workers=2',
];

test('features of 30 days of 5,000 customers are the same from the daemon, from a daemon killed and rebalanced, from the command and from pandas', async (t) => {
  t.timeout(600_000);
  const model = windowsModel(INPUTS, '{ time: at }');
  const rows = history(DAYS, CUSTOMERS);
  const folder = tempFolder('windows');
  const job = await newJob(broker().address, [...model.settings, ...settings], PARTITIONS);
  const size = ['--customers', String(CUSTOMERS), '--terminals', String(2 * CUSTOMERS)];
  await produce(job, rows.length, '--generate', 'transactions', '--rate', 'max', ...size);

  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);
  const undisturbed = await featuresOf(job);
  t.is(undisturbed.size, rows.length);
  t.true([...undisturbed.values()].every(({ length }) => length === 1));

  const disturbed: Job = { ...job, group: `${job.group}-again`, results: `${job.results}-again` };
  await createTopics(job.address, { [disturbed.results]: PARTITIONS });
  const snapshots = [`snapshots.directory=${join(folder, 'state')}`, 'snapshots.interval=100ms'];
  let came = 0;
  const further = async (): Promise<void> => {
    came = await until('more results', async () => {
      const now = await resultsIn(disturbed);
      return now > came + 15_000 && now;
    });
  };
  const first = await startDaemon(disturbed, snapshots);
  await further();
  t.is((await first.stop('SIGKILL')).signal, 'SIGKILL');
  const second = await startDaemon(disturbed, snapshots);
  await further();
  const third = await startDaemon(disturbed);
  await further();
  t.is((await second.stop('SIGKILL')).signal, 'SIGKILL');
  await further();
  const fourth = await startDaemon(disturbed, snapshots);
  await allCommitted(disturbed, kafkaFor(settingsFor(job.address)), fourth);
  for (const each of [third, fourth]) t.is((await each.stop()).code, 0);
  t.regex(second.out, /the state of a snapshot stands at \d+/);
  t.regex(third.out, /the state is built up from the log/);
  const again = await featuresOf(disturbed);
  t.is(again.size, rows.length);
  const others = [...again].filter(([id, found]) =>
    found.some((features) => features !== undisturbed.get(id)?.[0]),
  );
  t.deepEqual(others.slice(0, 3), []);
  t.log(
    `${[...again.values()].reduce((sum, { length }) => sum + length - 1, 0)} results repeated, all of them alike`,
  );

  const [csv, out2, matrix, json] = ['records.csv', 'features.csv', 'daemon.csv', 'windows.json'].map(
    (name) => join(folder, name),
  ) as [string, string, string, string];
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => Object.values(row).map(cell).join(','));
  writeFileSync(csv, `${columns.join(',')}\n${lines.join('\n')}\n`);
  const flags = ['--config', 'config/kafka.yaml', ...model.settings.flatMap((each) => ['--set', each])];
  const command = await new Program(['features', ...flags, '--csv', csv, '--out', out2]).ended;
  t.is(command.code, 0, command.out);
  const [header, ...computed] = readFileSync(out2, 'utf8').trimEnd().split('\n');
  t.deepEqual(
    computed.flatMap((text, id) => (text === undisturbed.get(id)?.[0] ? [] : [id])).slice(0, 3),
    [],
    'the command and the daemon agree in every bit',
  );

  const inputs = readManifest(model.folder).inputs.filter(
    (input): input is WindowInput => input.kind === 'window',
  );
  const idleMs = 31 * DAY_MS;
  writeFileSync(
    json,
    JSON.stringify(inputs.map((input) => ({ ...input.window, idleMs, column: columnNames(input)[0] }))),
  );
  writeFileSync(matrix, `${header}\n${rows.map(({ id }) => undisturbed.get(id)?.[0]).join('\n')}\n`);
  const { rows: compared, worst } = JSON.parse(await python('windows.py', csv, matrix, json)) as {
    rows: number;
    worst: Record<string, number>;
  };
  t.is(compared, rows.length);
  t.is(Object.keys(worst).length, inputs.length);
  for (const [column, difference] of Object.entries(worst))
    t.true(difference < 1e-6, `${column}: ${difference}`);
});

test('windows by a field that is not the key are refused record by record, with words that explain why', async (t) => {
  const model = windowsModel(
    '\n  - { path: amount, log1p: true }\n  - { window: { function: count, by: terminal, size: 1d } }',
    '{ time: at }',
  );
  const job = await newJob(broker().address, [...model.settings, 'deadLetters.floodShare=0.5'], 2);
  await produce(job, 3_000, '--generate', 'transactions', '--rate', 'max');
  const daemon = await startDaemon(job);
  try {
    await daemon.says(
      /SCORELANE_DEAD_LETTER_FLOOD.*NOT_COPARTITIONED: windows are kept by field \\"terminal\\".*Key the topic by this field/,
    );
  } finally {
    t.is((await daemon.stop()).code, 0);
  }
});

test('a refused record that carries the wall clock, in a log of older event times, changes no feature after kill -9 (invariant 8)', async (t) => {
  const model = windowsModel(
    '\n  - { path: amount, log1p: true }\n  - { window: { function: count, by: customer, size: 30d } }',
    '{ time: at, drift: 1h }',
  );
  const job = await newJob(broker().address, [...model.settings, ...settings, 'input.format=json'], 1);
  const sinkSettings = settingsFor(job.address);
  const sink = new KafkaSink(kafkaFor(sinkSettings), sinkSettings);
  await sink.start();
  const records = history(30, 50)
    .slice(0, 3_000)
    .map((row) => ({ key: row.customer, value: JSON.stringify(row), timestampMs: row.at }));
  records.splice(1_400, 0, { key: 'c1', value: 'not json', timestampMs: Date.now() });
  const send = (from: number, until: number) =>
    sink.produce([batchOf(job.input, 0, records.slice(from, until))]);
  await send(0, 1_500);
  const killed = await startDaemon(job);
  await allCommitted(job, kafkaFor(sinkSettings), killed);
  t.is((await killed.stop('SIGKILL')).signal, 'SIGKILL');
  await send(1_500, records.length);
  const again = await startDaemon(job);
  await allCommitted(job, kafkaFor(sinkSettings), again);
  t.is((await again.stop()).code, 0);
  await sink.stop();
  const [inputs, results, dead] = await Promise.all(
    [job.input, job.results, job.deadLetters].map((topic) => recordsOf(job.address, topic)),
  );
  t.deepEqual(compareFeatures(readManifest(model.folder), inputs ?? [], results ?? [], dead ?? [], [1]), {
    inputs: records.length,
    missing: 0,
    repeats: 0,
    wronglyDead: 0,
    refused: 0,
    wronglyScored: 0,
    deadUntouched: true,
  });
});

test('an input that grows while the daemon runs: what either count has placed is scored, with the same features after a restart', async (t) => {
  const model = windowsModel(
    '\n  - { path: amount, log1p: true }\n  - { window: { function: count, by: customer, size: 30d } }',
    '{ time: at }',
  );
  const more = ['input.format=json', 'kafka.metadata.max.age.ms=2000'];
  const directory = tempFolder('grown');
  const all = [...model.settings, ...settings, ...more, `snapshots.directory=${directory}`];
  const job = await newJob(broker().address, all, 2);
  const sinkSettings = settingsFor(job.address);
  const kafka = kafkaFor(sinkSettings);
  // The field alone says where a record belongs.
  const records = history(30, 50)
    .slice(0, 900)
    .map((row, index) => ({ row, key: `${index}`, value: JSON.stringify(row), timestampMs: row.at }));
  const send = async (from: number, until: number, count: number): Promise<void> => {
    const sink = new KafkaSink(kafka, sinkSettings);
    await sink.start();
    const placed = Map.groupBy(records.slice(from, until), ({ row }) =>
      partitionOfKey(Buffer.from(row.customer), count),
    );
    await sink.produce([...placed].map(([partition, own]) => batchOf(job.input, partition, own)));
    await sink.stop();
  };
  await send(0, 300, 2);
  const grown = await startDaemon(job);
  await allCommitted(job, kafka, grown);
  await addPartitions(job.address, job.input, 3);
  await send(300, 600, 3);
  await allCommitted(job, kafka, grown);
  await grown.says(`topic ${job.input} has 3 partitions now, it had 2: .*windows of these keys begin empty`);
  t.is((await grown.stop()).code, 0);
  await send(600, 900, 3);
  const again = await startDaemon(job);
  await allCommitted(job, kafka, again);
  await again.says(/in\/0: the state of a snapshot stands at/);
  t.is((await again.stop()).code, 0);
  const [inputs = [], results = [], dead = []] = await Promise.all(
    [job.input, job.results, job.deadLetters].map((topic) => recordsOf(job.address, topic)),
  );
  t.deepEqual(compareFeatures(readManifest(model.folder), inputs, results, dead, [2, 3]), {
    inputs: records.length,
    missing: 0,
    repeats: 0,
    wronglyDead: 0,
    refused: 0,
    wronglyScored: 0,
    deadUntouched: true,
  });
  t.deepEqual(dead, []);
  for (const { key, partition } of results.slice(-100))
    t.is(partition, partitionOfKey(Buffer.from(key ?? ''), 2));
});
