// `scorelane audit` on a real broker: it proves what is there, and names what is not.

import anyTest, { type TestFn } from 'ava';
import type { PartitionReport } from '../../src/audit/coverage.ts';
import { allCommitted, flags, type Job, newJob, Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const audit = (job: Job, ...more: string[]): Promise<{ code: number | null; out: string }> =>
  new Program(['audit', '--config', 'config/kafka.yaml', ...flags(job, []), ...more]).ended;

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
  const { partitions } = JSON.parse(out) as { partitions: PartitionReport[] };
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
});
