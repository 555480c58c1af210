// With kafka.transactional.id, on real brokers: every record has exactly one result for readers
// that read what is committed, also after kill -9, after a zombie, and when the answer to a commit
// is lost.

import anyTest, { type TestFn } from 'ava';
import { KAFKA_VERSIONS } from '../../tools/broker.ts';
import { createTopics } from '../../tools/topics.ts';
import {
  allCommitted,
  audit,
  flags,
  newJob,
  Program,
  produce,
  readSummary,
  startDaemon,
  startLoad,
  summaryFile,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const brokers = KAFKA_VERSIONS.map((version) => [version, withBroker(test, { version })] as const);
const SETTINGS = ['model.backend=wasm', 'kafka.transactional.id=tx'];

for (const [version, broker] of brokers) {
  test.serial(
    `Kafka ${version}: daemons that are killed again and again, and a zombie, leave one answer a record, and routes with what is due`,
    async (t) => {
      const route = `alerts-${process.pid}-${version}`;
      await createTopics(broker().address, { [route]: 3 });
      const job = await newJob(broker().address, [...SETTINGS, `output.routes={${route}: score > 0.001}`], 3);
      const kafka = kafkaFor(settingsFor(job.address));
      const load = startLoad(job, 1e9, '--rate', '2000', '--garbage', '0.01');
      const programs = [load];
      // A test that fails leaves none behind: the run would not end.
      t.teardown(() => {
        for (const { child } of programs) child.kill('SIGKILL');
      });
      const admin = kafka.admin();
      await admin.connect();
      const written = async (): Promise<number> =>
        (await admin.fetchTopicOffsets(job.results)).reduce((sum, { high }) => sum + Number(high), 0);
      for (let kills = 0; kills < 3; kills++) {
        const daemon = await startDaemon(job);
        const before = await written();
        await until('some results', async () => (await written()) > before + 500);
        await daemon.stop('SIGKILL');
      }
      const zombie = await startDaemon(job);
      programs.push(zombie);
      const before = await written();
      await until('some results', async () => (await written()) > before + 500);
      zombie.child.kill('SIGSTOP');
      const heir = await startDaemon(job);
      programs.push(heir);
      const inherited = await written();
      await until('the heir to score', async () => (await written()) > inherited + 500);
      zombie.child.kill('SIGCONT');
      await zombie.says(/assigned[\s\S]*lost unasked[\s\S]*assigned/);
      await load.stop();
      await allCommitted(job, kafka, zombie);
      await admin.disconnect();
      t.is((await zombie.stop()).code, 0, zombie.out);
      t.is((await heir.stop()).code, 0, heir.out);
      const found = await audit(job);
      t.true(found.inputs > 3_000);
      t.like(found, { missing: 0, repeats: 0, rewinds: 0, uncommitted: 0, wronglyDead: 0, wronglyScored: 0 });
      const routes = await new Program(['audit', '--config', 'config/kafka.yaml', ...flags(job, [])]).ended;
      t.is(routes.code, 0, routes.out);
      const words =
        /: (\d+) committed results meet it, (\d+) records are there, 0 of them repeated, 0 missing/;
      const [, due, there] = words.exec(routes.out) ?? [];
      t.true(Number(due) > 100 && due === there, routes.out);
    },
  );
}

test('records that get no result at all are committed too', async (t) => {
  const [, broker] = brokers[0] as (typeof brokers)[number];
  const job = await newJob(broker().address, SETTINGS, 1);
  await produce(job, 1_000, '--rate', 'max');
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  t.is((await daemon.stop()).code, 0);
  t.like(await audit(job), { inputs: 1_000, missing: 0, repeats: 0 });
});

test('what is scored while a transaction runs goes into the next one, all of it', async (t) => {
  const [, broker] = brokers[0] as (typeof brokers)[number];
  const job = await newJob(broker().address, SETTINGS, 1);
  const kafka = kafkaFor(settingsFor(job.address));
  const summary = summaryFile();
  const daemon = await startDaemon(job, [], ['--summary', summary]);
  await produce(job, 1_000, '--rate', '500');
  await allCommitted(job, kafka, daemon);
  t.is((await daemon.stop()).code, 0);
  const admin = kafka.admin();
  await admin.connect();
  const [end] = await admin.fetchTopicOffsets(job.results);
  await admin.disconnect();
  const results = (await recordsOf(job.address, job.results)).length;
  const { microBatches, scored } = readSummary(summary);
  t.deepEqual([results, scored], [1_000, 1_000]);
  // Each transaction leaves a marker behind its results.
  const transactions = Number(end?.high) - results;
  t.true(transactions > 0 && transactions < microBatches, `${transactions} for ${microBatches}`);
  t.log(`${transactions} transactions for ${microBatches} micro-batches`);
  t.notRegex(daemon.out, /concurrent operation/);
});
