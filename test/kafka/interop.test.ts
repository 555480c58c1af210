// Record batches against independent implementations: those of the Java client and of librdkafka
// are read right, and both read ours.

import anyTest, { type TestFn } from 'ava';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { KafkaSource } from '../../src/kafka/source.ts';
import { COMPRESSION_TYPES } from '../../src/log/compression.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import type { FetchedBatch, LogEnd, SourceListener } from '../../src/log/ports.ts';
import { createTopics } from '../../tools/topics.ts';
import { java, kafkaFor, python, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf, type ReadRecord, recordsIn, type TestRecord } from '../support/records.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

/** Reads a topic's only partition up to `end`, as the daemon would. */
async function readAll(
  topic: string,
  end: number,
): Promise<{
  batches: FetchedBatch[];
  records: ReadRecord[];
  readableTo: number;
  asked: number | undefined;
}> {
  const settings = settingsFor(broker().address, { 'group.id': `read-${topic}` });
  const source = new KafkaSource(kafkaFor(settings), { topic, settings, onOutOfRange: 'fail' });
  const batches: FetchedBatch[] = [];
  let readableTo = 0;
  let asked: LogEnd | undefined;
  const listener: SourceListener = {
    revoking: async () => {},
    revoked() {},
    lost() {},
    assigned() {},
    outOfRange() {},
    failed(error) {
      throw error;
    },
    fetched(...parts) {
      for (const { highWatermark, batches: more } of parts) {
        batches.push(...more);
        readableTo = highWatermark;
      }
    },
  };
  await source.start(listener);
  try {
    await until(`offset ${end} of ${topic}`, () => (batches.at(-1)?.header.next ?? 0) >= end);
    [asked] = await source.logEnds();
  } finally {
    await source.stop();
  }
  return {
    readableTo,
    asked: asked?.logEnd,
    batches,
    records: batches.filter(({ skip }) => !skip).flatMap((batch) => recordsIn(batch)),
  };
}

const awkward: readonly TestRecord[] = Array.from({ length: 100 }, (_, index) => ({
  key: index % 7 === 0 ? null : `key-${index}`,
  value: index % 11 === 0 ? null : `värde-${index}-${'x'.repeat(index * 10)}`,
  timestampMs: 1_600_000_000_000 - index,
  headers: [
    ['plain', `h${index}`],
    ['null', null],
  ],
}));

const withOffsets = awkward.map((record, offset) => ({ ...record, offset }));

interface JsonRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

function parseLines(lines: string): unknown[] {
  const decode = (text: string | null): string | null =>
    text === null ? null : Buffer.from(text, 'base64').toString();
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const { key, value, headers, ...rest } = JSON.parse(line) as JsonRecord;
      return {
        ...rest,
        key: decode(key),
        value: decode(value),
        headers: headers.map(([name, text]) => [decode(name), decode(text)]),
      };
    });
}

for (const compression of COMPRESSION_TYPES) {
  test(`batches written by the Java client with ${compression} are read right`, async (t) => {
    const topic = `from-java-${compression}`;
    await createTopics(broker().address, { [topic]: 1 });
    await java('produce', broker().address, topic, compression);
    const { batches, records } = await readAll(topic, 100);
    t.deepEqual(records as unknown[], withOffsets);
    t.is(batches[0]?.header.compression, COMPRESSION_TYPES.indexOf(compression));
  });

  test(`batches written by librdkafka with ${compression} are read right`, async (t) => {
    const topic = `from-librdkafka-${compression}`;
    await createTopics(broker().address, { [topic]: 1 });
    await python('librdkafka.py', 'produce', broker().address, topic, compression);
    const { batches, records } = await readAll(topic, 100);
    t.deepEqual(records as unknown[], withOffsets);
    t.is(batches[0]?.header.compression, COMPRESSION_TYPES.indexOf(compression));
  });

  test(`the Java client and librdkafka read our batches with ${compression}`, async (t) => {
    const topic = `ours-${compression}`;
    await createTopics(broker().address, { [topic]: 1 });
    const settings = settingsFor(broker().address);
    const sink = new KafkaSink(kafkaFor(settings), settings);
    await sink.start();
    await sink.produce([
      batchOf(topic, 0, awkward.slice(0, 60), compression),
      batchOf(topic, 0, awkward.slice(60), compression),
    ]);
    await sink.stop();
    t.deepEqual(parseLines(await java('consume', broker().address, topic, '100')), withOffsets);
    t.deepEqual(
      parseLines(await python('librdkafka.py', 'consume', broker().address, topic, '100')),
      withOffsets,
    );
  });
}

test('of interleaved transactions by the Java client exactly the committed records are seen, and every offset is accounted for', async (t) => {
  const topic = 'transactions-by-java';
  await createTopics(broker().address, { [topic]: 1 });
  await java('transactions', broker().address, topic);
  // 36 records and 12 markers.
  const { batches, records } = await readAll(topic, 48);
  const seen = parseLines(await java('consume', broker().address, topic, '15')) as ReadRecord[];
  t.is(seen.length, 15);
  t.deepEqual(
    records.map(({ offset, value }) => [offset, value]),
    seen.map(({ offset, value }) => [offset, value]),
  );
  t.true(records.every(({ value }) => value?.startsWith('committed')));
  let next: number = 0;
  for (const { header } of batches) {
    t.is<number, number>(header.baseOffset, next);
    next = header.next;
  }
  t.is(next, 48);
});

test('while a transaction is open its records are no lag: a reader may go to where it begins (invariant 6)', async (t) => {
  const topic = 'open-transaction';
  await createTopics(broker().address, { [topic]: 1 });
  const settings = settingsFor(broker().address);
  const kafka = kafkaFor(settings);
  const sink = new KafkaSink(kafka, settings);
  await sink.start();
  await sink.produce([batchOf(topic, 0, awkward.slice(0, 3))]);
  await sink.stop();
  const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  const { bytes: value } = batchOf(topic, 0, awkward.slice(3, 8));
  const message = { value: Buffer.from(value), partition: 0, baseSequence: 0, onWrite() {} };
  await transaction.send({ topic, messages: [message] });
  const { readableTo, asked } = await readAll(topic, 3);
  t.deepEqual([readableTo, asked], [3, 3]);
  await transaction.commit();
  await producer.disconnect();
  t.is((await readAll(topic, 9)).readableTo, 9);
});

test('topics with log-append timestamps give every record the time of its batch', async (t) => {
  const topic = 'log-append';
  await createTopics(broker().address, { [topic]: 1 }, { 'message.timestamp.type': 'LogAppendTime' });
  await java('produce', broker().address, topic, 'lz4');
  const { records } = await readAll(topic, 100);
  const seen = parseLines(await java('consume', broker().address, topic, '100')) as ReadRecord[];
  t.deepEqual(
    records.map(({ timestampMs }) => timestampMs),
    seen.map(({ timestampMs }) => timestampMs),
  );
  t.true((records[0]?.timestampMs ?? 0) > 1_700_000_000_000);
});

test('keys go to the partitions that the Java client would choose', async (t) => {
  const keys = ['a', 'ab', 'abc', 'abcd', 'abcde', 'card-17', 'é', '漢字', '0', 'x'.repeat(1000)];
  for (let index = 0; index < 200; index++) keys.push(`key-${index * 7919}`);
  const expected = (await java('partitions', '13', ...keys)).trim().split(',').map(Number);
  t.deepEqual(
    keys.map((key) => partitionOfKey(Buffer.from(key), 13)),
    expected,
  );
});
