// `replay` on a real broker: a range of history scored with another version of a model gives what
// the live job gave, to the bit, and touches nothing of it.

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { ReplayReport } from '../../src/rescoring/report.ts';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, flags, type Job, newJob, Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import type { PartitionRecord } from '../support/records.ts';
import { recordsOf } from '../support/topic.ts';
import { windowsModel } from '../support/windows-model.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const PARTITIONS = 3;
const RECORDS = 20_000;
const SIZE = ['--customers', '500', '--terminals', '1000', '--generate', 'transactions', '--rate', 'max'];

const PLAIN = `
  - { path: amount, log1p: true }
  - { time: hour, path: at }`;
const WINDOWS = `${PLAIN}
  - { window: { function: count, by: customer, size: 7d } }
  - { window: { function: mean, by: customer, of: amount, size: 1d } }`;
const LONGER = `${PLAIN}
  - { window: { function: mean, by: customer, of: amount, size: 30d } }`;
const DECIDES = 'results: [{ as: fraudulent, threshold: score, above: 0.5 }]\n';

const replay = (job: Job, ...args: string[]): Program =>
  new Program(['replay', '--config', 'config/kafka.yaml', ...flags(job, []), ...args]);

const folder = mkdtempSync(join(tmpdir(), 'scorelane-replay-'));
let files = 0;

/** Runs it to its end. Its state is in a folder of the test. */
async function report(job: Job, ...args: string[]): Promise<ReplayReport> {
  const json = join(folder, `report-${files}.json`);
  const state = join(folder, `state-${files++}.json`);
  const ended = await replay(job, '--json', json, '--state', state, ...args).ended;
  if (ended.code !== 0) throw new Error(`replay ended with ${ended.code}:\n${ended.out}`);
  return JSON.parse(readFileSync(json, 'utf8')) as ReplayReport;
}

async function committed(job: Job): Promise<string> {
  const admin = kafkaFor(settingsFor(job.address)).admin();
  await admin.connect();
  try {
    return JSON.stringify(await admin.fetchOffsets({ groupId: job.group, topics: [job.input] }));
  } finally {
    await admin.disconnect();
  }
}

/** What a reader of results sees, by partition and offset of the source, without the headers. */
const bySource = (records: readonly PartitionRecord[]): Map<string, string> =>
  new Map(
    records.map(({ partition, key, value, timestampMs, headers }) => {
      const of = Object.fromEntries(headers);
      const source = `${of['__scorelane.source.partition']}/${of['__scorelane.source.offset']}`;
      return [source, JSON.stringify([partition, key, value, Number(timestampMs)])];
    }),
  );

test('a replay gives to the bit what the live job gave, from any beginning, with windows, and leaves its offsets alone', async (t) => {
  t.timeout(300_000);
  const { settings, repository } = windowsModel(WINDOWS, '{ time: at }', '1', { more: DECIDES });
  windowsModel(LONGER, '{ time: at }', '2', { repository, hidden: 16, more: DECIDES });
  const job = await newJob(
    broker().address,
    [...settings, 'model.version=1', 'output.format=json', 'scoring.workers=2', 'microBatch.records=500'],
    PARTITIONS,
  );
  await produce(job, RECORDS, ...SIZE);
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  t.is((await daemon.stop()).code, 0);
  const before = await committed(job);
  const live = bySource(await recordsOf(job.address, job.results));
  t.is(live.size, RECORDS);

  const topic = `${job.results}-replayed`;
  await createTopics(job.address, { [topic]: PARTITIONS });
  const ends = JSON.parse(before)[0].partitions.map(({ offset }: { offset: string }) => Number(offset));
  const from = ends.map((end: number, partition: number) => `${partition}:${Math.floor(end / 3)}`).join();
  const range = ['--from', from, '--to', 'latest'];
  const found = await report(job, '--model', 'cards@1', '--against', '2', ...range, '--to-topic', topic);

  const written = await recordsOf(job.address, topic);
  const replayed = bySource(written);
  const wanted = [...live].filter(([source]) => {
    const [partition, offset] = source.split('/').map(Number) as [number, number];
    return offset >= Math.floor(ends[partition] / 3);
  });
  t.is(replayed.size, wanted.length);
  t.is(written.length, wanted.length, 'each result once');
  t.deepEqual(
    wanted.filter(([source, result]) => replayed.get(source) !== result),
    [],
  );
  t.true(written.every(({ headers }) => Object.fromEntries(headers)['__scorelane.replay'] === 'cards@1'));
  t.is(await committed(job), before, 'the offsets of the live group');
  t.is(found.records, wanted.length);
  t.is(found.comparison?.both, wanted.length);
  t.true((found.comparison?.flipsUp ?? 0) + (found.comparison?.flipsDown ?? 0) > 0);
  t.log(JSON.stringify(found.comparison?.difference));
});
