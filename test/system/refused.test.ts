// Topics that do not take every timestamp: the record becomes a dead letter, its neighbours are
// scored once, and redrive sends it back with its own time. And a broker that does not take every
// setting.

import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, flags, newJob, Program, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { transactions } from '../support/model.ts';
import { batchOf } from '../support/records.ts';
import { recordsOf } from '../support/topic.ts';

const test = anyTest as TestFn;
const broker = withBroker(test, { properties: { 'group.max.session.timeout.ms': '20000' } });
const CONFIG = join('config', 'kafka.yaml');
const DAY_MS = 86_400_000;

/** Says of each topic that is warned of: by which setting, and what of it. */
const warned = (out: string, name: string): string[] =>
  [...out.matchAll(new RegExp(`topic ${name} \\([a-z ]+\\) has [a-z.]+=[^:]+: [^"\n]+`, 'g'))].map(
    ([line]) => line,
  );

test('check and the start of run say what the topics are going to refuse, and nothing of topics as they are made', async (t) => {
  const plain = await newJob(broker().address, ['model.backend=wasm'], 1);
  const checked = await new Program(['check', '--config', CONFIG, ...flags(plain, [])]).ended;
  t.is(checked.code, 0, checked.out);
  t.notRegex(checked.out, /warning|note:/);

  const job = { ...plain, results: `${plain.group}-strict-out`, deadLetters: `${plain.group}-strict-dead` };
  await createTopics(
    job.address,
    { [job.results]: 1 },
    {
      'message.timestamp.before.max.ms': '3600000',
      'message.timestamp.after.max.ms': '7200000',
      'cleanup.policy': 'compact',
      'max.message.bytes': '500000',
    },
  );
  await createTopics(
    job.address,
    { [job.deadLetters]: 1 },
    { 'message.timestamp.type': 'LogAppendTime', 'max.message.bytes': '1000000' },
  );
  const wanted = [
    [job.results, 'message.timestamp.before.max.ms=3600000', 'older than 3600000 ms', 'RESULT_REFUSED'],
    [job.results, 'message.timestamp.after.max.ms=7200000', 'more than 7200000 ms ahead', 'RESULT_REFUSED'],
    [job.results, 'cleanup.policy=compact', 'a record without a key', 'RESULT_REFUSED'],
    [job.results, 'max.message.bytes=500000', 'limits.resultBatchBytes=921600', 'in halves'],
    [job.deadLetters, 'message.timestamp.type=LogAppendTime', "the broker's clock", 'dlq redrive'],
    [job.deadLetters, 'max.message.bytes=1000000', `${job.input} takes`, 'max.message.bytes=1048588'],
  ];
  const told = await new Program(['check', '--config', CONFIG, ...flags(job, [])]).ended;
  t.is(told.code, 0, told.out);
  const daemon = await startDaemon(job);
  const { out } = await daemon.stop();
  for (const said of [told.out, out]) {
    const lines = warned(said, `${plain.group}-strict-(?:out|dead)`);
    t.is(lines.length, wanted.length, said);
    for (const [index, words] of wanted.entries())
      for (const word of words) t.true(lines[index]?.includes(word), `${word} in ${lines[index]}`);
  }
});

for (const [kind, more] of [
  ['plain', []],
  ['with transactions', ['kafka.transactional.id=refused']],
] as const) {
  test(`${kind}: a record whose result the topic refuses becomes a dead letter, and its neighbours are scored once`, async (t) => {
    const made = await newJob(broker().address, ['model.backend=wasm', 'input.format=json', ...more], 1);
    const job = { ...made, results: `${made.group}-bounded-out`, deadLetters: `${made.group}-bounded-dead` };
    await createTopics(
      job.address,
      { [job.results]: 1, [job.deadLetters]: 1 },
      { 'message.timestamp.after.max.ms': `${DAY_MS}` },
    );
    const settings = settingsFor(job.address);
    const kafka = kafkaFor(settings);
    const nowMs = Date.now();
    const records = transactions(6).map((value, index) => ({
      key: `${index}`,
      value: Buffer.from(codecs.json.encode(value)).toString(),
      timestampMs: index % 3 === 1 ? nowMs + 3 * DAY_MS : nowMs,
    }));
    const sink = new KafkaSink(kafka, settings);
    await sink.start();
    await sink.produce([batchOf(job.input, 0, records)]);
    await sink.stop();
    const daemon = await startDaemon(job);
    await allCommitted(job, kafka, daemon);
    t.is((await daemon.stop()).code, 0);

    const results = await recordsOf(job.address, job.results);
    t.deepEqual(
      results.map(({ key }) => key),
      ['0', '2', '3', '5'],
    );
    const letters = await recordsOf(job.address, job.deadLetters);
    t.deepEqual(
      letters.map(({ key, value }) => [key, value]),
      [1, 4].map((index) => [`${index}`, records[index]?.value]),
    );
    const [letter] = letters;
    const headers = new Map(letter?.headers);
    t.is(headers.get('__scorelane.errors.code'), 'RESULT_REFUSED');
    t.is(headers.get('__scorelane.errors.timestamp'), `${nowMs + 3 * DAY_MS}`);
    t.regex(
      headers.get('__scorelane.errors.message') ?? '',
      /bounded-out does not take the result: .*imestamp/,
    );
    t.true(Math.abs(Number(letter?.timestampMs) - nowMs) < DAY_MS);

    const redrive = new Program(['dlq', 'redrive', '--config', CONFIG, ...flags(job, [])]);
    t.is((await redrive.ended).out, `sent 2 records back to ${job.input}\n`);
    const back = (await recordsOf(job.address, job.input)).slice(-2);
    t.deepEqual(
      back.map(({ key, value, timestampMs, headers: own }) => ({ key, value, timestampMs, headers: own })),
      [1, 4].map((index) => ({ ...records[index], headers: [] })),
    );
  });
}

test('times that the broker does not allow are told by check and end run: each with the key and the limit, 78', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 1);
  const settings = [
    'kafka.session.timeout.ms=25s',
    'kafka.transactional.id=tx',
    'kafka.transaction.timeout.ms=16m',
  ];
  for (const command of ['check', 'run']) {
    const { code, out } = await new Program([command, '--config', CONFIG, ...flags(job, settings)]).ended;
    t.is(code, 78, out);
    t.regex(
      out,
      /kafka\.session\.timeout\.ms: expected \d+m?s to 20s, as the broker demands \(group\.min.*found 25s/,
    );
    t.regex(out, /kafka\.transaction\.timeout\.ms: expected at most 15m, .*\(transaction\.max.*found 16m/);
  }
});
