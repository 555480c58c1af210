// What a real broker refuses, or does not answer for: a batch that is too large goes in parts, a
// record that the topic will not take is named while all others are appended once, and a partition
// that is not there any more is no success. The same for both sinks.

import anyTest, { type TestFn } from 'ava';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { TransactionalSink } from '../../src/kafka/transactional-sink.ts';
import { readCommitMetadata, writeCommitMetadata } from '../../src/log/commit-metadata.ts';
import { startingAt } from '../../src/log/offset.ts';
import {
  PartitionGoneError,
  RefusedRecordsError,
  type ResultBatch,
  type Sink,
  SinkError,
} from '../../src/log/ports.ts';
import { createTopics } from '../../tools/topics.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf, type TestRecord } from '../support/records.ts';
import { recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();

const records = (count: number, size: number, more: Partial<TestRecord> = {}): TestRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    key: 'k',
    value: `${index}`.padEnd(size, 'x'),
    timestampMs: NOW_MS,
    ...more,
  }));

interface Opened {
  readonly sink: Sink;
  /** Produces as the answer to the next offset of the input, where the sink wants to know. */
  readonly produce: (...batches: readonly ResultBatch[]) => Promise<unknown>;
  readonly valuesOf: (topic: string) => Promise<(string | undefined)[]>;
}

let opened = 0;

async function plain(): Promise<Opened> {
  const settings = settingsFor(broker().address);
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  return { sink, produce: (...batches) => sink.produce(batches), valuesOf };
}

async function transactional(): Promise<Opened> {
  const name = `tx-${opened++}`;
  const settings = settingsFor(broker().address, { 'group.id': name, 'transactional.id': name });
  await createTopics(broker().address, { [name]: 1 });
  // The coordinator of a group is found when it is needed first.
  const admin = kafkaFor(settings).admin();
  await admin.connect();
  await admin.setOffsets({ groupId: name, topic: name, partitions: [{ partition: 0, offset: '0' }] });
  await admin.disconnect();
  const sink = new TransactionalSink(kafkaFor(settings), settings, (why) => {
    throw new Error(why);
  });
  await sink.start();
  const input = { topic: name, partition: 0, incarnation: null };
  await sink.own([input], []);
  let next = 0;
  return {
    sink,
    produce: (...batches) => sink.produce(batches, { ...input, next: startingAt(++next) }),
    valuesOf,
  };
}

const valuesOf = async (topic: string): Promise<(string | undefined)[]> =>
  (await recordsOf(broker().address, topic)).map(({ value }) => value?.replaceAll('x', ''));

for (const [kind, open] of [
  ['plain', plain],
  ['transactional', transactional],
] as const) {
  const topicOf = async (name: string, configs: Record<string, string>): Promise<string> => {
    await createTopics(broker().address, { [`${kind}-${name}`]: 1 }, configs);
    return `${kind}-${name}`;
  };

  test(`${kind}: a batch that the topic takes for too large goes in parts, in order and once`, async (t) => {
    const topic = await topicOf('parts', { 'max.message.bytes': '1000' });
    const { sink, produce } = await open();
    await produce(batchOf(topic, 0, records(5, 400), 'lz4'), batchOf(topic, 0, records(3, 900)));
    await produce(batchOf(topic, 0, records(1, 10)));
    await sink.stop();
    t.deepEqual(await valuesOf(topic), ['0', '1', '2', '3', '4', '0', '1', '2', '0']);
  });

  test(`${kind}: a record that is too large alone is named, with the place where the rest begins`, async (t) => {
    const topic = await topicOf('large', { 'max.message.bytes': '1000' });
    const { sink, produce } = await open();
    const batch = batchOf(topic, 0, [...records(2, 400), ...records(1, 1_200), ...records(1, 10)]);
    const error = await t.throwsAsync(produce(batch), { instanceOf: RefusedRecordsError });
    const [refusal] = error?.refusals ?? [];
    t.is(refusal?.batch, batch);
    t.deepEqual(
      refusal?.records.map(({ index }) => index),
      [2],
    );
    t.is(refusal?.appended, kind === 'plain' ? 2 : 0);
    t.regex(error?.message ?? '', new RegExp(`^${topic}/0 refuses record 2 of a batch of 4: .*larger`));
    await produce(batchOf(topic, 0, records(2, 10)));
    await sink.stop();
    t.deepEqual(await valuesOf(topic), kind === 'plain' ? ['0', '1', '0', '1'] : ['0', '1']);
  });

  test(`${kind}: all records with times that the topic does not take are named at once`, async (t) => {
    const configs = {
      'message.timestamp.after.max.ms': `${HOUR_MS}`,
      'message.timestamp.before.max.ms': `${HOUR_MS}`,
    };
    const topic = await topicOf('times', configs);
    const { sink, produce } = await open();
    const batch = batchOf(topic, 0, [
      ...records(1, 10),
      ...records(1, 10, { timestampMs: NOW_MS + 2 * HOUR_MS }),
      ...records(1, 10),
      ...records(1, 10, { timestampMs: NOW_MS - 3 * HOUR_MS }),
    ]);
    const error = await t.throwsAsync(produce(batch), { instanceOf: RefusedRecordsError });
    const [refusal] = error?.refusals ?? [];
    t.like(refusal, { appended: 0, ofTime: true });
    t.deepEqual(
      refusal?.records.map(({ index }) => index),
      [1, 3],
    );
    t.regex(refusal?.records[0]?.message ?? '', /[Tt]imestamp .* out of range/);
    await produce(batchOf(topic, 0, records(2, 10)));
    await sink.stop();
    t.deepEqual(await valuesOf(topic), ['0', '1']);
  });

  test(`${kind}: a record without a key is named by a compacted topic`, async (t) => {
    const topic = await topicOf('compacted', { 'cleanup.policy': 'compact' });
    const { sink, produce } = await open();
    const batch = batchOf(topic, 0, [...records(2, 10), ...records(1, 10, { key: null })]);
    const error = await t.throwsAsync(produce(batch), { instanceOf: RefusedRecordsError });
    const [refusal] = error?.refusals ?? [];
    t.like(refusal, { appended: 0, ofTime: false });
    t.deepEqual(
      refusal?.records.map(({ index }) => index),
      [2],
    );
    await sink.stop();
    t.deepEqual(await valuesOf(topic), []);
  });

  test(`${kind}: a partition that is gone since the topic was made again is no success`, async (t) => {
    const topic = `${kind}-again`;
    await createTopics(broker().address, { [topic]: 4 });
    const { sink, produce } = await open();
    await produce(batchOf(topic, 3, records(1, 10)));
    const admin = kafkaFor(settingsFor(broker().address)).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic));
    await createTopics(broker().address, { [topic]: 2 });
    await admin.disconnect();
    const error = await t.throwsAsync(produce(batchOf(topic, 3, records(1, 10))), {
      instanceOf: PartitionGoneError,
    });
    t.regex(error?.message ?? '', /the topic has no such partition, it has 2$/);
    await produce(batchOf(topic, 1, records(1, 10)));
    await sink.stop();
    t.deepEqual(await valuesOf(topic), ['0']);
  });
}

test('with transactions, an offset committed past the end of the log keeps no answer from being written', async (t) => {
  await createTopics(broker().address, { 'cut-in': 1, 'cut-out': 1 });
  const settings = settingsFor(broker().address, { 'group.id': 'cut', 'transactional.id': 'cut' });
  const kafka = kafkaFor(settings);
  const admin = kafka.admin();
  await admin.connect();
  await admin.setOffsets({ groupId: 'cut', topic: 'cut-in', partitions: [{ partition: 0, offset: '500' }] });
  const sink = new TransactionalSink(kafka, settings, t.fail);
  await sink.start();
  const input = { topic: 'cut-in', partition: 0, incarnation: null };
  await sink.own([input], []);
  await sink.produce([batchOf('cut-out', 0, records(3, 10))], { ...input, next: startingAt(3) });
  await sink.commit([{ ...input, next: startingAt(5) }]);
  await sink.commit([{ ...input, next: startingAt(4) }]);
  const [found] = await admin.fetchOffsets({ groupId: 'cut', topics: ['cut-in'] });
  await Promise.all([sink.stop(), admin.disconnect()]);
  t.is((await recordsOf(broker().address, 'cut-out')).length, 3);
  t.is(found?.partitions[0]?.offset, '5', 'and no offset goes back');
});

test('with transactions, who asks for committed offsets right after a commit is told the new ones', async (t) => {
  const name = 'asked-at-once';
  await createTopics(broker().address, { [name]: 2 });
  const settings = settingsFor(broker().address, { 'group.id': name, 'transactional.id': name });
  const kafka = kafkaFor(settings);
  const admin = kafka.admin();
  await admin.connect();
  await admin.setOffsets({ groupId: name, topic: name, partitions: [{ partition: 0, offset: '0' }] });
  const committed = async () => {
    const [found] = await admin.fetchOffsets({ groupId: name, topics: [name] });
    return [0, 1].map((at) => found?.partitions.find(({ partition }) => partition === at)?.offset);
  };
  const sink = new TransactionalSink(kafka, settings, t.fail);
  await sink.start();
  const input = { topic: name, partition: 0, incarnation: null };
  await sink.own([input], []);
  for (let next = 1; next <= 100; next++) {
    await sink.commit([{ ...input, next: startingAt(next) }]);
    t.deepEqual(await committed(), [`${next}`, '-1']);
  }
  const producer = kafka.producer({ transactionalId: 'open', idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  const topics = [{ topic: name, partitions: [{ partition: 1, offset: '7' }] }];
  await transaction.sendOffsets({ consumerGroupId: name, topics });
  await sink.own([{ ...input, incarnation: 'again' }], []);
  t.pass('nobody waits for a transaction of another partition');
  const [asked] = await Promise.all([committed(), transaction.commit()]);
  t.deepEqual(asked, ['100', '7']);
  await Promise.all([sink.stop(), producer.disconnect(), admin.disconnect()]);
});

test('with transactions, what was committed of a topic says nothing of the one that was made by its name (invariant 9)', async (t) => {
  await createTopics(broker().address, { 'remade-in': 1, 'remade-out': 1 });
  const settings = settingsFor(broker().address, { 'group.id': 'remade', 'transactional.id': 'remade' });
  const kafka = kafkaFor(settings);
  const admin = kafka.admin();
  await admin.connect();
  const input = { topic: 'remade-in', partition: 0 };
  await admin.setOffsets({
    groupId: 'remade',
    topic: input.topic,
    partitions: [{ partition: 0, offset: '0' }],
  });
  const committed = async () => {
    const [found] = await admin.fetchOffsets({ groupId: 'remade', topics: [input.topic] });
    const { offset, metadata } = found?.partitions[0] ?? {};
    return { offset, topicId: readCommitMetadata(metadata)?.topicId };
  };
  const metadataOf = (topicId: string) =>
    writeCommitMetadata({ topicId, begun: 0, partitions: 1, placedBy: [1], namedFrom: 0 });
  const [old, again] = [metadataOf('old'), metadataOf('again')];
  const sink = new TransactionalSink(kafka, settings, t.fail);
  await sink.start();
  await sink.own([{ ...input, incarnation: 'old' }], []);
  const answer = (next: number, metadata: string) =>
    sink.produce([batchOf('remade-out', 0, records(1, 10))], { ...input, next: startingAt(next), metadata });
  await answer(500, old);
  await sink.own([{ ...input, incarnation: 'again' }], [input]);
  await t.throwsAsync(
    answer(501, old),
    { instanceOf: SinkError },
    'an answer to the old topic that comes late',
  );
  await sink.commit([{ ...input, next: startingAt(0), metadata: again }]);
  await until('the new offset', async () => (await committed()).topicId === 'again');
  t.deepEqual(await committed(), { offset: '0', topicId: 'again' });
  await Promise.all([sink.stop(), admin.disconnect()]);
});
