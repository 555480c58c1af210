// What the daemon does when the broker, a topic or the log's beginning is not there, and what the
// user is told.

import anyTest, { type TestFn } from 'ava';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { freePort } from '../../tools/broker.ts';
import { createTopics, deleteTopic } from '../../tools/topics.ts';
import {
  allCommitted,
  audit,
  flags,
  newJob,
  Program,
  produce,
  startDaemon,
  startLoad,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, testBroker, withBroker } from '../support/kafka.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const set = (...settings: string[]): string[] => settings.flatMap((setting) => ['--set', setting]);
const run = (...args: string[]): Program => new Program(['run', '--config', 'config/kafka.yaml', ...args]);

test('without a broker --fail-fast exits with 69 and says where it looked', async (t) => {
  const port = await freePort();
  const { code, out } = await run('--fail-fast', ...set(`kafka.bootstrap.servers=127.0.0.1:${port}`)).ended;
  t.is(code, 69, out);
  t.regex(out, new RegExp(`no broker at 127.0.0.1:${port}`));
});

test('without a broker the daemon says so and waits; once it is there the daemon scores', async (t) => {
  const port = await freePort();
  const daemon = run(
    ...set(
      `kafka.bootstrap.servers=127.0.0.1:${port}`,
      'model.backend=wasm',
      // The daemon finds the broker before the topics are there.
      'kafka.topic.metadata.propagation.max.ms=60000',
    ),
  );
  await daemon.says('not ready: no broker at');
  const late = await testBroker({ port });
  try {
    await createTopics(late.address, { transactions: 2, scores: 2, 'dead-letters': 2 });
    await daemon.says('"msg":"assigned"');
    t.is((await daemon.stop()).code, 0);
  } finally {
    daemon.child.kill('SIGKILL');
    await late.stop();
  }
});

test('a broker that goes away and comes back loses nothing, and the daemon goes on by itself', async (t) => {
  const first = await testBroker();
  const { port, dataFolder } = first;
  const job = await newJob(first.address, ['model.backend=wasm']);
  await produce(job, 20_000, '--rate', 'max');
  const daemon = await startDaemon(job);
  await first.stop();
  const second = await testBroker({ port, dataFolder });
  try {
    await produce(job, 5_000, '--rate', 'max');
    await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
    const { code, out } = await daemon.stop();
    t.is(code, 0, out);
    const { missing, inputs, uncommitted } = await audit(job);
    t.deepEqual({ missing, inputs, uncommitted }, { missing: 0, inputs: 25_000, uncommitted: 0 });
  } finally {
    daemon.child.kill('SIGKILL');
    await second.stop();
  }
});

test('a broker that hangs makes the job not ready, with the reason; when it answers again, it is ready', async (t) => {
  const hanging = await testBroker();
  const job = await newJob(hanging.address, [
    ...['model.backend=wasm', 'http.listen=127.0.0.1:0'],
    'kafka.request.timeout.ms=4s',
  ]);
  const daemon = await startDaemon(job);
  const [, url] = /http at (http:\S+\d): /.exec(daemon.out) ?? [];
  const readiness = async (): Promise<string> => (await fetch(`${url}/readyz`)).text();
  try {
    await until('the job to be ready', async () => (await readiness()).includes('"ready":true'));
    hanging.process.kill('SIGSTOP');
    await until('the reason', async () => (await readiness()).includes('"code":"unanswered"'));
    t.regex(await readiness(), /broker 1 has not answered for more than 10 s/);
    // Requests are given up meanwhile, and made again.
    const untilMs = performance.now() + 15_000;
    await until('some of its time-outs', async () => {
      t.true((await readiness()).includes('"code":"unanswered"'), await readiness());
      return performance.now() > untilMs;
    });
    hanging.process.kill('SIGCONT');
    await until('the job to be ready again', async () => !(await readiness()).includes('"ready":false'));
    t.is((await daemon.stop()).code, 0, daemon.out);
  } finally {
    hanging.process.kill('SIGCONT');
    daemon.child.kill('SIGKILL');
    await hanging.stop();
  }
});

test('a topic that does not exist is an error of the configuration, by its name', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm']);
  const { code, out } = await startLoad({ ...job, input: 'nowhere' }, 10).ended;
  t.is(code, 78, out);
  t.regex(
    out,
    /topic "nowhere" does not exist; create it: kafka-topics\.sh --bootstrap-server \S+ --create --topic nowhere /,
  );
  t.true(out.trim().split('\n').length <= 3, out);
});

test('a committed offset that the log no longer holds ends the daemon with 74 and both offsets, unless it may go on', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  await produce(job, 1_000, '--rate', 'max');
  const kafka = kafkaFor(settingsFor(job.address));
  const before = await startDaemon(job);
  await allCommitted(job, kafka);
  await before.stop();
  await produce(job, 1_000, '--rate', 'max');
  const admin = kafka.admin();
  await admin.connect();
  // kafkajs deletes records only of a topic that it has looked at.
  await admin.fetchTopicOffsets(job.input);
  await admin.deleteTopicRecords({ topic: job.input, partitions: [{ partition: 0, offset: '1500' }] });
  await until(
    'the records to be gone',
    async () => (await admin.fetchTopicOffsets(job.input))[0]?.low === '1500',
  );
  await admin.disconnect();
  const failed = await (await startDaemon(job)).ended;
  t.is(failed.code, 74, failed.out);
  t.regex(failed.out, /the next offset to read is 1000, but the log holds 1500 to 2000/);
  const going = await startDaemon(job, ['lanes.onOutOfRange=continue']);
  await allCommitted(job, kafka);
  const { code, out } = await going.stop();
  t.is(code, 0, out);
  t.regex(out, /does not hold offset 1000 any more; going on at 1500/);
});

test('dead letters that cannot be written stop their lane: nothing is dropped, and nothing is committed past them', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  await createTopics(job.address, { [`${job.input}-tiny`]: 1 }, { 'max.message.bytes': '100' });
  const stuck = { ...job, deadLetters: `${job.input}-tiny` };
  await produce(stuck, 2_000, '--rate', '2000', '--garbage', '0.01');
  const daemon = await startDaemon(stuck);
  await daemon.says(/not ready: lane .* does not advance: .*larger than the max message size/);
  await daemon.stop('SIGTERM');
  const open = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)));
  t.is((await open.stop()).code, 0);
  const { missing, wronglyDead, wronglyScored } = await audit(job);
  t.deepEqual({ missing, wronglyDead, wronglyScored }, { missing: 0, wronglyDead: 0, wronglyScored: 0 });
});

for (const [kind, more] of [
  ['plain', []],
  ['with transactions', ['kafka.transactional.id=fewer']],
] as const) {
  test(`${kind}: a result topic that is made again with fewer partitions gets every result, by its key, and nobody starts anything again`, async (t) => {
    const settings = [
      'model.backend=wasm',
      'lanes.retryMax=500ms',
      'kafka.metadata.max.age.ms=600000',
      ...more,
    ];
    const job = await newJob(broker().address, settings, 4);
    const kafka = kafkaFor(settingsFor(job.address));
    await produce(job, 400, '--rate', 'max');
    const daemon = await startDaemon(job);
    await allCommitted(job, kafka, daemon);
    await deleteTopic(job.address, job.results);
    await createTopics(job.address, { [job.results]: 2 });
    await produce(job, 400, '--rate', 'max');
    await allCommitted(job, kafka, daemon);
    await daemon.says(`topic ${job.results} has 2 partitions now, it had 4: results go by their keys`);
    t.is((await daemon.stop()).code, 0);
    const results = await recordsOf(job.address, job.results);
    const answers = new Set(results.map(({ headers }) => JSON.stringify(headers)));
    t.is(answers.size, 400);
    for (const { key, partition } of results) t.is(partition, partitionOfKey(Buffer.from(key ?? ''), 2));
  });
}

test('check says what is right, with where each value comes from', async (t) => {
  const job = await newJob(broker().address);
  const flags = set(
    `kafka.bootstrap.servers=${job.address}`,
    `input.topic=${job.input}`,
    `output.topic=${job.results}`,
    `deadLetters.topic=${job.deadLetters}`,
  );
  const { code, out } = await new Program(['check', '--config', 'config/kafka.yaml', ...flags]).ended;
  t.is(code, 0, out);
  t.regex(out, /input\.topic = .* {2}\(--set\)/);
  t.regex(out, /ok: model creditcard, golden records agree; backend \w+, measured on 2048 records/);
  t.regex(out, /ok: topics .* \(4 partitions\).*each to the partition of its input/);
});

test('check asks the schema registry where one is used: one that is away is 69, with its address', async (t) => {
  const job = await newJob(broker().address);
  const away = `http://127.0.0.1:${await freePort()}`;
  const own = ['model.backend=wasm', 'input.format=avro', 'output.format=json', `registry.url=${away}`];
  const { code, out } = await new Program(['check', '--config', 'config/kafka.yaml', ...flags(job, own)])
    .ended;
  t.is(code, 69, out);
  t.true(out.includes(`no answer from the schema registry at ${away}`), out);
});
