// `run --resume-dedupe` on a real broker: what a killed daemon had written and not committed is not
// written again.

import anyTest, { type TestFn } from 'ava';
import { allCommitted, audit, newJob, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

/**
 * Kills a daemon whose results are written and not committed, and starts another; resolves to what
 * an audit finds then.
 */
async function killedAndResumed(...args: string[]) {
  const job = await newJob(broker().address, ['model.backend=wasm'], 2);
  const kafka = kafkaFor(settingsFor(job.address));
  await produce(job, 100, '--rate', 'max');
  const first = await startDaemon(job);
  await allCommitted(job, kafka, first);
  await first.stop();
  // From here on nothing is committed.
  const second = await startDaemon(job, ['lanes.commitInterval=10m']);
  await produce(job, 5_000, '--rate', 'max', '--garbage', '0.01');
  const admin = kafka.admin();
  await admin.connect();
  await until('all to be written', async () => {
    const ends = [
      ...(await admin.fetchTopicOffsets(job.results)),
      ...(await admin.fetchTopicOffsets(job.deadLetters)),
    ];
    return ends.reduce((sum, { high }) => sum + Number(high), 0) === 5_100;
  });
  await admin.disconnect();
  await second.stop('SIGKILL');
  await produce(job, 1_000, '--rate', 'max');
  const third = await startDaemon(job, [], args);
  await allCommitted(job, kafka, third);
  const { code, out } = await third.stop();
  return { code, out, found: await audit(job) };
}

test('without it the records that were not committed are scored twice', async (t) => {
  const { code, out, found } = await killedAndResumed();
  t.is(code, 0, out);
  t.is(found.missing, 0);
  t.is(found.repeats, 5_000);
});

test('with it every record has one answer, also after kill -9', async (t) => {
  const { code, out, found } = await killedAndResumed('--resume-dedupe');
  t.is(code, 0, out);
  t.regex(out, /"records":5000,.*have an answer already/);
  t.like(found, { inputs: 6_100, missing: 0, repeats: 0, rewinds: 0, uncommitted: 0 });
});
