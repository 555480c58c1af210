// The main job on a real broker, audited by Python: exactly one result for each input, same key and
// timestamp, in input order, scores as Python's TensorFlow gives them, and the group's offsets at
// the end of the log.

import anyTest, { type TestFn } from 'ava';
import { KAFKA_VERSIONS } from '../../tools/broker.ts';
import {
  allCommitted,
  audit,
  flags,
  newJob,
  Program,
  perfect,
  produce,
  readSummary,
  startDaemon,
  summaryFile,
} from '../support/daemon.ts';
import { kafkaFor, librdkafkaMember, settingsFor, withBroker } from '../support/kafka.ts';

const test = anyTest as TestFn;
const RECORDS = 20_000;
const SCORE_TOLERANCE = 1e-5;

const brokers = new Map(KAFKA_VERSIONS.map((version) => [version, withBroker(test, { version })]));

const addressOf = (version: (typeof KAFKA_VERSIONS)[number]): string => {
  const broker = brokers.get(version);
  if (broker === undefined) throw new Error(`no broker of version ${version}`);
  return broker().address;
};

const runs = [
  { kafka: '3.9.1', backend: 'native', format: 'msgpack' },
  { kafka: '3.9.1', backend: 'wasm', format: 'msgpack' },
  { kafka: '4.1.1', backend: 'wasm', format: 'json' },
] as const;

for (const { kafka, backend, format } of runs) {
  test(`every ${format} record is scored exactly once on the ${backend} backend from Kafka ${kafka}`, async (t) => {
    const address = addressOf(kafka);
    const job = await newJob(address, [
      `input.format=${format}`,
      `output.format=${format}`,
      `model.backend=${backend}`,
    ]);
    await produce(job, RECORDS, '--rate', 'max');
    const summary = summaryFile();
    const daemon = await startDaemon(job, [], ['--summary', summary]);
    await allCommitted(job, kafkaFor(settingsFor(address)));
    const { code, out } = await daemon.stop();
    t.is(code, 0, out);
    const { worstDifference, codes, ...found } = await audit(job, format);
    t.deepEqual(found, perfect(RECORDS));
    t.true(worstDifference < SCORE_TOLERANCE, `scores differ by up to ${worstDifference}`);
    const { scored, deadLetters, latencyMs, backend: used } = readSummary(summary);
    t.is(scored, RECORDS);
    t.is(deadLetters, 0);
    t.is(used, backend);
    t.true(latencyMs.endToEnd.max > 0 && latencyMs.endToEnd.p50 <= latencyMs.endToEnd.p99);
  });
}

test('results go by their keys, as the Java client would send them, where the partition counts differ', async (t) => {
  const address = addressOf('3.9.1');
  const job = await newJob(address, ['model.backend=wasm'], 3);
  const wide = await newJob(address, [], 5);
  const mixed = { ...job, results: wide.results };
  await produce(mixed, 2_000, '--rate', 'max');
  const daemon = await startDaemon(mixed);
  await allCommitted(mixed, kafkaFor(settingsFor(address)));
  t.is((await daemon.stop()).code, 0);
  const found = await audit(mixed);
  t.is(found.missing, 0);
  t.is(found.repeats, 0);
  t.is(found.results, 2_000);
  t.is(found.wrongKey, 0);
});

test('a group in which brokers share the partitions is named, with who is in it: 78; empty again it is taken', async (t) => {
  const address = addressOf('4.1.1');
  const job = await newJob(address, ['model.backend=wasm'], 2);
  const other = await librdkafkaMember(address, job.input, job.group, { 'group.protocol': 'consumer' });
  const words = (command: string): string[] => [command, '--config', 'config/kafka.yaml', ...flags(job, [])];
  const ends = await Promise.all(['check', 'run'].map((command) => new Program(words(command)).ended));
  await other.leave();
  for (const { code, out } of ends) {
    t.is(code, 78, out);
    t.true(
      out.includes(`the group "${job.group}" is in use by clients that share partitions in another way`),
      out,
    );
    t.regex(
      out,
      /\(a-stranger on [^;]+; the brokers share the partitions by "\w+", group\.protocol=consumer\)/,
    );
  }
  const daemon = await startDaemon(job);
  t.is((await daemon.stop()).code, 0);
});
