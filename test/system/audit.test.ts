// `scorelane audit` on a real broker: it proves what is there, and names what is not.

import anyTest, { type TestFn } from 'ava';
import type { AuditReport } from '../../src/audit/audit.ts';
import type { PartitionReport } from '../../src/audit/coverage.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { createTopics, deleteTopic } from '../../tools/topics.ts';
import { allCommitted, flags, type Job, newJob, Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { transactions } from '../support/model.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const audit = (job: Job, ...more: string[]): Promise<{ code: number | null; out: string }> =>
  new Program(['audit', '--config', 'config/kafka.yaml', ...flags(job, []), ...more]).ended;

/** The log stands in the same text: it has each object on one line. */
function reportIn(out: string): AuditReport {
  const begin = out.indexOf('{\n');
  return JSON.parse(out.slice(begin, out.indexOf('\n}\n', begin) + 2)) as AuditReport;
}

test('what was scored is proven, also while the daemon works; what was committed without an answer is missing, and named', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 2);
  const kafka = kafkaFor(settingsFor(job.address));
  await produce(job, 10_000, '--rate', 'max', '--garbage', '0.01');
  const daemon = await startDaemon(job);
  const early = await audit(job);
  t.is(early.code, 0, early.out);
  await allCommitted(job, kafka, daemon);
  t.is((await daemon.stop()).code, 0);
  const { code, out } = await audit(job, '--json');
  t.is(code, 0, out);
  const { partitions } = reportIn(out);
  const sum = (of: (report: PartitionReport) => number): number =>
    partitions.reduce((total, report) => total + of(report), 0);
  t.is(
    sum(({ inputs }) => inputs),
    10_000,
  );
  t.true(sum(({ dead }) => dead) > 0);
  t.is(
    sum(({ scoredOnce, dead }) => scoredOnce + dead),
    10_000,
  );
  t.is(
    sum(({ repeated, missing, outOfOrder, pending }) => repeated + missing + outOfOrder + pending),
    0,
  );

  await produce(job, 100, '--rate', 'max');
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(job.input);
  const lost = ends.map(({ partition, offset }) => ({ partition, offset }));
  await admin.setOffsets({ groupId: job.group, topic: job.input, partitions: lost });
  const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
  t.false(
    groups.some((group) => group.startsWith(`${job.group}-audit`)),
    'the groups that it read with are gone',
  );
  await admin.disconnect();
  const after = await audit(job);
  t.is(after.code, 1, after.out);
  for (const { partition, inputs } of partitions) {
    const end = Number(lost.find((each) => each.partition === partition)?.offset);
    if (end === inputs) continue;
    const named = end - 1 === inputs ? `${inputs}` : `${inputs}-${end - 1}`;
    t.regex(after.out, new RegExp(`missing of partition ${partition}, at offsets: ${named}$`, 'm'));
  }
  const none = await audit(job, '--from', '2100-01-01T00:00:00Z');
  t.is(none.code, 0, none.out);
  t.true(none.out.includes(`audit looked at nothing: ${job.input} has no records from 2100-01-01`), none.out);
  const turned = await audit(job, '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z');
  t.is(turned.code, 64, turned.out);
  t.regex(turned.out, /--to: expected a time after --from, 2026-01-02T\S+, found 2026-01-01T/);
});

test('results that meet the condition of a route are in its topic too; the audit counts them and misses those that are not there', async (t) => {
  const route = `job-${process.pid}-alerts`;
  const routes = `output.routes={${route}: score > 0.001}`;
  const job = await newJob(broker().address, ['model.backend=wasm', routes], 2);
  const kafka = kafkaFor(settingsFor(job.address));
  await produce(job, 3_000, '--rate', 'max', '--garbage', '0.01');
  const missing = await new Program(['check', '--config', 'config/kafka.yaml', ...flags(job, [])]).ended;
  t.is(missing.code, 78, missing.out);
  t.regex(missing.out, new RegExp(`topic "${route}" does not exist`));
  await createTopics(job.address, { [route]: 3 });
  const daemon = await startDaemon(job);
  await allCommitted(job, kafka, daemon);
  t.is((await daemon.stop()).code, 0);
  const { code, out } = await audit(job, '--json');
  t.is(code, 0, out);
  const [found] = reportIn(out).routes;
  t.true(found !== undefined && Number(found.due) > 0 && Number(found.due) < 2_900, out);
  t.deepEqual(found, {
    topic: route,
    due: found?.due ?? 0,
    routed: found?.due ?? 0,
    repeated: 0,
    missing: 0,
  });

  await deleteTopic(job.address, route);
  await createTopics(job.address, { [route]: 3 });
  const gone = await audit(job);
  t.is(gone.code, 1, gone.out);
  const words =
    `route ${route} (score > 0.001): ${found?.due} committed results meet it, 0 records are there, ` +
    `0 of them repeated, ${found?.due} missing`;
  t.true(gone.out.includes(words), gone.out);
  const dedupe = await new Program([
    'run',
    '--config',
    'config/kafka.yaml',
    ...flags(job, []),
    '--resume-dedupe',
  ]).ended;
  t.is(dedupe.code, 78, dedupe.out);
  t.regex(dedupe.out, /output\.routes: expected none with --resume-dedupe/);
  const wrong = ['--set', `output.routes={${route}: scor > 1}`];
  const refused = await new Program(['check', '--config', 'config/kafka.yaml', ...flags(job, []), ...wrong])
    .ended;
  t.is(refused.code, 78, refused.out);
  t.regex(refused.out, /output\.routes: .*: expected one of the fields score, found "scor"/);
});

test('an input that is made again while the daemon runs, longer than the old one, is scored whole; old answers answer none of it (invariant 9)', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  const kafka = kafkaFor(settingsFor(job.address));
  await produce(job, 100, '--rate', 'max');
  const daemon = await startDaemon(job);
  await allCommitted(job, kafka, daemon);
  await deleteTopic(job.address, job.input);
  await createTopics(job.address, { [job.input]: 1 });
  await produce(job, 300, '--rate', 'max');
  await daemon.says('SCORELANE_TOPIC_REMADE');
  await allCommitted(job, kafka, daemon);
  t.is((await daemon.stop()).code, 0);
  const { code, out } = await audit(job, '--json');
  t.is(code, 0, out);
  const { partitions, unsure } = reportIn(out);
  t.like(partitions[0], { inputs: 300, scoredOnce: 300, repeated: 0, missing: 0, pending: 0 });
  t.deepEqual(unsure, { trusted: 0, others: 100 });

  // The same once more while no daemon runs: what stands in the results is left out of nothing.
  await deleteTopic(job.address, job.input);
  await createTopics(job.address, { [job.input]: 1 });
  await produce(job, 50, '--rate', 'max');
  t.is((await audit(job)).code, 0, 'nothing of it is committed');
  const resumed = await startDaemon(job, [], ['--resume-dedupe']);
  await allCommitted(job, kafka, resumed);
  t.is((await resumed.stop()).code, 0);
  const last = reportIn((await audit(job, '--json')).out);
  t.like(last.partitions[0], { inputs: 50, scoredOnce: 50, repeated: 0, missing: 0 });
});

test('with auto.offset.reset: latest what comes while the daemon restarts is scored, also in a partition that was empty', async (t) => {
  const latest = ['model.backend=wasm', 'kafka.auto.offset.reset=latest'];
  const job = await newJob(broker().address, latest, 1);
  const kafka = kafkaFor(settingsFor(job.address));
  const admin = kafka.admin();
  await admin.connect();
  await produce(job, 20, '--rate', 'max');
  const first = await startDaemon(job);
  await until('the position that it began with', async () => {
    const [found] = await admin.fetchOffsets({ groupId: job.group, topics: [job.input] });
    return found?.partitions[0]?.offset === '20';
  });
  t.is((await first.stop()).code, 0);
  await produce(job, 30, '--rate', 'max');
  await admin.createPartitions({ topicPartitions: [{ topic: job.input, count: 2 }] });
  for (const topic of [job.results, job.deadLetters])
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
  // A producer that asks too early writes to the old one only.
  await until('the new partitions to have leaders', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [job.input, job.results, job.deadLetters] });
    return topics.every(
      ({ partitions }) => partitions.length === 2 && partitions.every(({ leader }) => leader >= 0),
    );
  });
  await admin.disconnect();
  await produce(job, 200, '--rate', 'max');
  const second = await startDaemon(job);
  await allCommitted(job, kafka, second);
  t.is((await second.stop()).code, 0);
  const { code, out } = await audit(job, '--json');
  t.is(code, 0, out);
  const { partitions } = reportIn(out);
  t.is(partitions.length, 2);
  t.is(
    partitions.reduce((sum, { scoredOnce }) => sum + scoredOnce, 0),
    230,
  );
  t.true((partitions[1]?.scoredOnce ?? 0) > 0, 'the partition that came later, from its start');
});

test('tombstones and records that input.only leaves out have no answer, are committed and counted, and the audit does not miss them', async (t) => {
  const settings = ['model.backend=wasm', 'input.format=json', 'input.tombstones=skip'];
  const job = await newJob(broker().address, [...settings, 'input.only={ payload.op: [c, u] }'], 1);
  const kafka = kafkaFor(settingsFor(job.address));
  const [transaction = {}] = transactions(1);
  const records = ['c', 'd', 'u', null, 'd', 'c', null].map((op, index) => ({
    key: 'k',
    value: op === null ? null : JSON.stringify({ ...transaction, payload: { op } }),
    timestampMs: Date.now() + index,
  }));
  const sink = new KafkaSink(kafka, settingsFor(job.address));
  await sink.start();
  await sink.produce([batchOf(job.input, 0, records)]);
  await sink.stop();
  const daemon = await startDaemon(job);
  await allCommitted(job, kafka, daemon);
  t.regex((await daemon.stop()).out, /0 dead letters, 4 skipped/);
  const { code, out } = await audit(job, '--json');
  t.is(code, 0, out);
  t.like(reportIn(out).partitions[0], { inputs: 7, scoredOnce: 3, skipped: 4, dead: 0, missing: 0 });
});

test('a topic that is not there is named, with exit code 78, by audit and by dlq', async (t) => {
  const job = { ...(await newJob(broker().address, ['model.backend=wasm'], 1)), deadLetters: 'nowhere' };
  const [audited, listed] = await Promise.all([
    audit(job),
    new Program(['dlq', 'list', '--config', 'config/kafka.yaml', ...flags(job, [])]).ended,
  ]);
  for (const { code, out } of [audited, listed]) {
    t.is(code, 78, out);
    t.regex(out, /topic "nowhere" does not exist/);
  }
});

test('where a transaction that commits the offsets stays open, audit says so and ends with 69; once it has ended, audit works', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  const kafka = kafkaFor(settingsFor(job.address));
  await produce(job, 10, '--rate', 'max');
  const daemon = await startDaemon(job);
  await allCommitted(job, kafka, daemon);
  t.is((await daemon.stop()).code, 0);
  const producer = kafka.producer({
    transactionalId: job.group,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 600_000,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  const topics = [{ topic: job.input, partitions: [{ partition: 0, offset: '0' }] }];
  await transaction.sendOffsets({ consumerGroupId: job.group, topics });
  const { code, out } = await audit(job);
  t.is(code, 69, out);
  t.true(
    out.includes(
      `a transaction that commits the group's offset of ${job.input}/0 has not ended within 10000 ms`,
    ),
  );
  await transaction.abort();
  await producer.disconnect();
  const last = await audit(job, '--json');
  t.is(last.code, 0, last.out);
  t.like(reportIn(last.out).partitions[0], { inputs: 10, scoredOnce: 10, missing: 0 });
});
