// `replay` on a real broker whose log is as logs are: with transactions that were given up or are
// still open, and with records that were deleted before they were read.

import { existsSync, readFileSync } from 'node:fs';
import anyTest, { type TestFn } from 'ava';
import { loadConfig } from '../../src/config/load.ts';
import { impatient } from '../../src/daemon/open-log.ts';
import { Topics } from '../../src/daemon/topics.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { readRange } from '../../src/log/read-range.ts';
import type { SavedRun } from '../../src/rescoring/run-plan.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { flags, type Job, newJob } from '../support/daemon.ts';
import { java, kafkaFor, python, settingsFor, withBroker } from '../support/kafka.ts';
import { transactions } from '../support/model.ts';
import { batchOf } from '../support/records.ts';
import { replaysOf, SLOWLY } from '../support/replays.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const SETTINGS = ['model.backend=wasm', 'input.format=json', 'output.format=json'];
const WHOLE = ['--model', 'creditcard@1', '--against', '1', '--from', 'earliest', '--to', 'latest'];
const EACH = 100;

/** To each of these partitions, a hundred in a record batch. */
async function send(job: Job, count: number, partitions: readonly number[]): Promise<void> {
  const settings = settingsFor(job.address);
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  const values = transactions(EACH).map((value) => ({ key: null, value: JSON.stringify(value) }));
  for (const partition of partitions)
    for (let sent = 0; sent < count; sent += EACH)
      await sink.produce([batchOf(job.input, partition, values.slice(0, count - sent))]);
  await sink.stop();
}

test.serial('what was committed is scored: not what was given up, nor what is still open', async (t) => {
  t.timeout(90_000);
  const job = await newJob(broker().address, SETTINGS, 1);
  await java('transactions', job.address, job.input);
  await send(job, 200, [0]);
  const committed = (await recordsOf(job.address, job.input)).filter(({ value }) =>
    value?.startsWith('committed-'),
  );
  await python('open_transaction.py', job.address, job.input, 'open');
  const { report } = await replaysOf(() => job).replayed(...WHOLE);
  t.is(report.comparison?.equal, 200);
  t.true(committed.length > 0);
  t.deepEqual(report.candidate.deadLetters, { UNDECODABLE: committed.length });
});

test.serial(
  'a replay goes on where records were deleted meanwhile, and says how many are gone',
  async (t) => {
    t.timeout(120_000);
    const job = await newJob(broker().address, SETTINGS, 2);
    const { replay, replayed, newFile } = replaysOf(() => job);
    const count = 3_000;
    await send(job, count, [0, 1]);
    const state = newFile('state.json');
    const first = replay(...WHOLE, ...SLOWLY, ...['--state', state, '--save-every', '20ms']);
    const saved = (): SavedRun => JSON.parse(readFileSync(state, 'utf8')) as SavedRun;
    await until(
      'a part of it to be done',
      () => existsSync(state) && saved().comparison.counts.records > 200,
    );
    await first.stop('SIGKILL');
    const { positions } = saved();
    t.true(positions.every((position) => position < count - 500));
    // Of one partition some of what comes next, and of the other all that is left.
    await send(job, 100, [1]);
    const deleted = [(positions[0] as number) + 150, count + 50];
    const admin = kafkaFor(settingsFor(job.address)).admin();
    await admin.connect();
    // kafkajs deletes records only of a topic that it has looked at.
    await admin.fetchTopicOffsets(job.input);
    await admin.deleteTopicRecords({
      topic: job.input,
      partitions: deleted.map((offset, partition) => ({ partition, offset: String(offset) })),
    });
    await until('the records to be gone', async () =>
      (await admin.fetchTopicOffsets(job.input)).every(
        ({ partition, low }) => Number(low) === deleted[partition],
      ),
    );
    await admin.disconnect();
    const { report, out } = await replayed('--resume', state);
    t.is(report.gone, 150 + count - (positions[1] as number), out);
    t.is(report.records, 2 * count - report.gone);
    t.is(report.comparison?.equal, report.records);
    t.regex(out, /offsets gone from the log before they were read/);
  },
);

test.serial('two who read at the same time, with the same process id, each read everything', async (t) => {
  const job = await newJob(broker().address, SETTINGS, 2);
  await send(job, 20, [0, 1]);
  const settings = flags(job, []).filter((flag) => flag !== '--set');
  const { jobs } = loadConfig({ file: 'config/kafka.yaml', flags: settings, environment: {} });
  const config = jobs[0]?.config;
  if (config === undefined) throw new Error('no job');
  const patience = impatient(config, createLogger('error', 'json'));
  const both = await Promise.all([0, 1].map(() => Topics.connect(config, patience, 'replay')));
  const counts = await Promise.all(
    both.map(async (topics) => {
      const ranges = await topics.ranges(job.input);
      let records = 0;
      await readRange(topics.open(job.input), ranges, ({ batches }) => {
        for (const { header } of batches) records += header.recordCount;
      });
      return records;
    }),
  );
  await Promise.all(both.map((topics) => topics.close()));
  t.deepEqual(counts, [40, 40]);
});
