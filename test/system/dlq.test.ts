// Dead letters on a real broker: told by kind, shown as they are, sent back once; a flood of them
// stops its lane; and the last records of each topic of a job are shown.

import anyTest, { type TestFn } from 'ava';
import { commitPositions } from '../../src/kafka/commit.ts';
import { createTopics, deleteTopic } from '../../tools/topics.ts';
import {
  allCommitted,
  audit,
  flags,
  type Job,
  newJob,
  Program,
  produce,
  startDaemon,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const dlq = async (job: Job, what: string, ...more: string[]): Promise<string> => {
  const args = ['dlq', what, '--config', 'config/kafka.yaml', ...flags(job, []), ...more];
  const program = new Program(args);
  const { code, out } = await program.ended;
  if (code !== 0) throw new Error(`dlq ${what} ended with ${code}:\n${out}`);
  return program.printed;
};

interface Shown {
  readonly offset: number;
  readonly timestamp: string;
  readonly key: string | null;
  readonly value?: { readonly id: number; readonly score?: number };
  readonly reason?: { readonly topic: string; readonly code: string };
  readonly headers: readonly object[];
}

/** What a command prints for programs: one JSON object a line, and nothing else. */
const linesOf = (printed: string): Shown[] =>
  printed
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Shown);

const tail = (job: Job, ...more: string[]): Program =>
  new Program(['tail', '--config', 'config/kafka.yaml', ...flags(job, []), ...more]);

async function scoreAll(job: Job, settings: readonly string[] = []): Promise<void> {
  const daemon = await startDaemon(job, settings);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  await daemon.stop();
}

test('list counts, show shows, and redrive sends each back to its partition, once', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 2);
  t.is(await dlq(job, 'list'), 'no dead letters\n');
  await produce(job, 2_000, '--rate', 'max', '--garbage', '0.05');
  await scoreAll(job, ['deadLetters.dialects=["connect","spring"]']);
  const before = await audit(job);
  t.deepEqual([before.missing, before.deadLetters === before.bad, before.deadUntouched], [0, true, true]);

  const list = await dlq(job, 'list');
  const counts = [...list.matchAll(/^ +(\d+) {2}(\w+) {2}/gm)].map(([, count]) => Number(count));
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    before.bad,
  );
  const json = JSON.parse(await dlq(job, 'list', '--json')) as {
    deadLetters: readonly { count: number; code: string }[];
    passedOver: { codes: object };
  };
  t.deepEqual(
    json.deadLetters.map(({ count }) => count),
    counts,
  );
  const [most] = json.deadLetters as [{ count: number; code: string }];
  const one = new Program([
    ...['dlq', 'show', '--config', 'config/kafka.yaml', ...flags(job, [])],
    ...['--limit', '3', '--code', most.code.toLowerCase()],
  ]);
  t.regex((await one.ended).out, new RegExp(`^3 of ${most.count} dead letters$`, 'm'));
  const shown = linesOf(one.printed);
  t.is(shown.length, 3);
  t.deepEqual([...new Set(shown.map(({ reason }) => reason?.code))], [most.code]);
  t.is(shown[0]?.reason?.topic, job.input);
  t.deepEqual(shown[0]?.headers, [], 'what was added to its headers is not among its own');

  const wouldSend = await dlq(job, 'redrive', '--dry-run');
  t.true(wouldSend.startsWith(`would send ${before.bad} records back to ${job.input}: `), wouldSend);
  t.true(wouldSend.includes(`${most.count} ${most.code}`), wouldSend);
  t.is(await dlq(job, 'redrive', '--limit', '7'), `sent 7 records back to ${job.input}\n`);
  t.is(await dlq(job, 'redrive'), `sent ${before.bad - 7} records back to ${job.input}\n`);
  t.is(await dlq(job, 'redrive'), `sent 0 records back to ${job.input}\n`);
  await scoreAll(job);
  const after = await audit(job);
  t.is(after.inputs, 2_000 + before.bad);
  t.is(after.bad, 2 * before.bad, 'they came back as they were, and are still bad');
  t.deepEqual([after.missing, after.deadUntouched], [0, true]);
});

test('with one dead-letter topic for two jobs, each lists, shows and sends back its own, and says what it passed over', async (t) => {
  const payments = await newJob(broker().address, ['model.backend=wasm'], 2);
  const orders = { ...(await newJob(broker().address, [], 2)), deadLetters: payments.deadLetters };
  await produce(payments, 200, '--rate', 'max', '--garbage', '0.5');
  await scoreAll(payments);
  const { bad } = await audit(payments);
  const passed = `passed over: ${bad} dead letters of the topic ${payments.input}\n`;
  t.is(await dlq(orders, 'list'), `no dead letters\n${passed}`);
  t.is(await dlq(orders, 'show', '--limit', '3'), '', 'standard output is for dead letters alone');
  t.is(await dlq(orders, 'redrive'), `sent 0 records back to ${orders.input}\n${passed}`);
  const others = await dlq(payments, 'redrive', '--code', 'NO_VALUE');
  t.true(others.startsWith(`sent 0 records back to ${payments.input}\npassed over: `), others);
  const named = [...others.matchAll(/(\d+) dead letters of the code [A-Z_]+/g)].map(([, count]) =>
    Number(count),
  );
  t.is(
    named.reduce((sum, count) => sum + count, 0),
    bad,
    'it says which codes there are',
  );
  t.is(await dlq(payments, 'redrive'), `sent ${bad} records back to ${payments.input}\n`);
  t.is(await dlq(payments, 'redrive', '--from-beginning'), `sent ${bad} records back to ${payments.input}\n`);
  t.is((await recordsOf(orders.address, orders.input)).length, 0);
});

test('redrive of one code leaves the others to be sent later, each once; of a topic made again it sends all', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  const sent = (count: number): string => `sent ${count} records back to ${job.input}\n`;
  await produce(job, 300, '--rate', 'max', '--garbage', '0.5');
  await scoreAll(job);
  const { bad, codes } = await audit(job);
  const [code, count] = Object.entries(codes)[0] as [string, number];
  t.true(Object.keys(codes).length > 1 && count < bad);

  t.true((await dlq(job, 'redrive', '--code', code)).startsWith(sent(count)));
  t.true((await dlq(job, 'redrive', '--code', code)).startsWith(sent(0)));
  const again = `passed over: ${count} dead letters that were sent back by their code before\n`;
  t.is(await dlq(job, 'redrive'), sent(bad - count) + again);
  t.is(await dlq(job, 'redrive'), sent(0));

  const group = `${job.group}-redrive`;
  const admin = kafkaFor(settingsFor(job.address)).admin();
  await admin.connect();
  const committed = async () =>
    (await admin.fetchOffsets({ groupId: group, topics: [job.deadLetters] }))[0]?.partitions[0];
  const { offset, metadata } = (await committed()) ?? { offset: '', metadata: null };
  t.is(Number(offset), bad);
  t.regex(metadata ?? '', /"topic\.id":"[\w-]{22}"/);
  await deleteTopic(job.address, job.deadLetters);
  await createTopics(job.address, { [job.deadLetters]: 1 });
  await scoreAll(job);
  // As one that was under way when the topic was deleted.
  const late = [{ partition: 0, offset: 1, metadata: metadata ?? '' }];
  await commitPositions(kafkaFor(settingsFor(job.address)), group, job.deadLetters, late);
  t.is((await committed())?.offset, '1');
  await admin.disconnect();
  t.is(await dlq(job, 'redrive'), sent(bad), 'those that were sent back are dead letters again');
});

test('tail shows the last records of a topic, decoded, and goes on with those that come until it is told to end', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 2);
  const none = tail(job);
  t.is((await none.ended).code, 0);
  t.deepEqual([none.printed, none.out.includes(`no records in ${job.results}`)], ['', true]);
  await produce(job, 500, '--rate', 'max', '--garbage', '0.1');
  const following = tail(job, '--follow');
  await scoreAll(job);
  const { deadLetters, results: scored } = await audit(job);
  await until('all results to be shown', () => following.printed.split('\n').length > scored);
  t.is((await following.stop('SIGINT')).code, 0);
  const ids = linesOf(following.printed).map(({ value }) => value?.id);
  t.deepEqual([ids.length, new Set(ids).size], [scored, scored]);

  const last = tail(job, '-n', '3');
  t.is((await last.ended).code, 0);
  const results = linesOf(last.printed);
  t.is(results.length, 3);
  t.is(typeof results[2]?.value?.score, 'number');
  const times = results.map(({ timestamp }) => timestamp);
  t.deepEqual(times, times.toSorted());
  const letters = tail(job, '--topic', 'dead', '-n', '1000');
  await letters.ended;
  t.is(linesOf(letters.printed).filter(({ reason }) => reason?.topic === job.input).length, deadLetters);
  const inputs = tail(job, '--topic', 'input', '-n', '1000');
  await inputs.ended;
  t.is(linesOf(inputs.printed).length, 500);
});

test('a flood of dead letters stops its lane, not ready, before the topic is full of them; once it may, it goes on', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  await produce(job, 5_000, '--rate', 'max', '--garbage', '0.9');
  const limits = ['deadLetters.floodShare=0.5', 'deadLetters.floodRecords=500', 'microBatch.records=500'];
  const daemon = await startDaemon(job, limits);
  await daemon.says(/not ready: lane .* does not advance: \d+ of the last \d+ records would be dead letters/);
  t.is((await daemon.stop()).code, 0);
  const stopped = await audit(job);
  t.true(stopped.deadLetters < 1_000, `${stopped.deadLetters} dead letters`);
  await scoreAll(job);
  const { missing, wronglyDead, deadUntouched } = await audit(job);
  t.deepEqual({ missing, wronglyDead, deadUntouched }, { missing: 0, wronglyDead: 0, deadUntouched: true });
});
