// The Kafka sink on a real broker: sequence numbers count records and stay with a batch, so that
// what is sent again is not appended again; a gap in them is healed; a refusal is told apart from a
// failure.

import { connect } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import type { ISocketFactory } from 'kafkajs';
import { viewOf } from '../../src/base/int64.ts';
import { kafkaConfig } from '../../src/kafka/client.ts';
import { loadKafkaJs } from '../../src/kafka/seam.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { SIZE_BYTES } from '../../src/kafka/socket.ts';
import { PartitionGoneError, RefusedRecordsError, type ResultBatch, SinkError } from '../../src/log/ports.ts';
import { AT } from '../../src/log/record-batch.ts';
import { createTopics } from '../../tools/topics.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf } from '../support/records.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

async function sinkOn(
  topic: string,
  configs: Record<string, string> = {},
  partitions = 1,
): Promise<KafkaSink> {
  await createTopics(broker().address, { [topic]: partitions }, configs);
  const settings = settingsFor(broker().address);
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  return sink;
}

async function logEnds(topic: string): Promise<readonly number[]> {
  const admin = kafkaFor(settingsFor(broker().address)).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return ends.toSorted((left, right) => left.partition - right.partition).map(({ high }) => Number(high));
}

const logEnd = async (topic: string): Promise<number> => (await logEnds(topic))[0] as number;

const records = (count: number, size = 10) =>
  Array.from({ length: count }, (_, index) => ({ key: 'k', value: `${index}`.padEnd(size, 'x') }));

test('sequence numbers count records, so that batches of several records follow each other', async (t) => {
  const sink = await sinkOn('sequences');
  const batches = [3, 5, 2].map((count) => batchOf('sequences', 0, records(count)));
  for (const batch of batches) await sink.produce([batch]);
  await sink.stop();
  t.deepEqual(
    batches.map(({ bytes }) => viewOf(bytes).getInt32(AT.baseSequence)),
    [0, 3, 8],
  );
  t.true(batches.every(({ bytes }) => viewOf(bytes).getInt16(AT.producerEpoch) >= 0));
  t.is(await logEnd('sequences'), 10);
});

test('a topic that is created a little later is found, within topic.metadata.propagation.max.ms', async (t) => {
  const settings = settingsFor(broker().address, { 'topic.metadata.propagation.max.ms': 60_000 });
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  const count = sink.partitionCount('late');
  await createTopics(broker().address, { late: 3 });
  t.is(await count, 3);
  await sink.stop();
});

test('a batch that was acknowledged is not appended again when the same call is made again', async (t) => {
  const sink = await sinkOn('again');
  const batch = batchOf('again', 0, records(4));
  await sink.produce([batch]);
  await sink.produce([batch]);
  await sink.stop();
  t.is(await logEnd('again'), 4);
});

test('a batch whose answer was lost is sent again with its sequence, and appended once', async (t) => {
  await createTopics(broker().address, { duplicate: 1 });
  const settings = settingsFor(broker().address);
  let losing = false;
  let lost = 0;
  /**
   * Connects as kafkajs does, but for one answer on demand: it is thrown away and the connection
   * broken.
   */
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect(port, host, onConnect);
    const emit = socket.emit.bind(socket);
    socket.emit = (event: string, ...rest: unknown[]) => {
      if (event !== 'data' || !losing) return emit(event, ...rest);
      losing = false;
      lost++;
      emit('error', new Error('read ECONNRESET'));
      socket.destroy();
      return true;
    };
    return socket;
  };
  const kafka = new (loadKafkaJs().Kafka)({ ...kafkaConfig(settings, () => {}), socketFactory });
  const sink = new KafkaSink(kafka, settings);
  await sink.start();
  await sink.produce([batchOf('duplicate', 0, records(2))]);
  losing = true;
  const sentTwice = batchOf('duplicate', 0, records(4));
  t.deepEqual(
    await sink.produce([sentTwice]),
    [],
    'its bytes may still stand in the queue of the first socket',
  );
  const sentOnce = batchOf('duplicate', 0, records(1));
  t.deepEqual(await sink.produce([sentOnce]), [sentOnce], 'these may be used again');
  await sink.stop();
  t.is(lost, 1);
  t.is(await logEnd('duplicate'), 7);
});

test('what is produced in one moment goes in one request, and its calls resolve in one turn', async (t) => {
  await createTopics(broker().address, { together: 4 });
  const settings = settingsFor(broker().address);
  let requests = 0;
  /** Connects as kafkajs does, and counts Produce requests. Each is short: one write. */
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect(port, host, onConnect);
    const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
    socket.write = (bytes: Buffer, ...rest: unknown[]) => {
      if (bytes.readInt16BE(SIZE_BYTES) === 0) requests++;
      return write(bytes, ...rest);
    };
    return socket;
  };
  const kafka = new (loadKafkaJs().Kafka)({ ...kafkaConfig(settings, () => {}), socketFactory });
  const sink = new KafkaSink(kafka, settings);
  await sink.start();
  const round = (): Promise<readonly ResultBatch[]>[] =>
    [0, 1, 2, 3].map((partition) => sink.produce([batchOf('together', partition, records(2))]));
  await Promise.all(round());
  requests = 0;
  let resolved = 0;
  let inFirstTurn = 0;
  await Promise.all(
    round().map(async (call) => {
      await call;
      if (++resolved === 1) queueMicrotask(() => (inFirstTurn = resolved));
    }),
  );
  await sink.stop();
  t.is(requests, 1);
  t.is(inFirstTurn, 4);
  t.deepEqual(await logEnds('together'), [4, 4, 4, 4]);
});

test('of a shared request each partition stands for itself: what one refuses is no matter to the others', async (t) => {
  const sink = await sinkOn('apart', { 'max.message.bytes': '1000' }, 3);
  const batches = [0, 1, 2].map((partition) => batchOf('apart', partition, records(1)));
  await Promise.all(batches.map((batch) => sink.produce([batch])));
  const small = [batchOf('apart', 0, records(1)), batchOf('apart', 2, records(1))];
  const calls = [...small, batchOf('apart', 1, records(1, 5_000))].map((batch) => sink.produce([batch]));
  const astray = sink.produce([batchOf('apart', 7, records(1))]);
  const [first, second, large] = await Promise.allSettled(calls);
  t.deepEqual([first, second], small.map((batch) => ({ status: 'fulfilled', value: [batch] })) as never);
  t.true(large?.status === 'rejected' && large.reason instanceof RefusedRecordsError);
  await t.throwsAsync(astray, { instanceOf: PartitionGoneError });
  await sink.produce([batchOf('apart', 1, records(1))]);
  await sink.stop();
  t.deepEqual(await logEnds('apart'), [2, 2, 2]);
});

test('results for a topic that is gone are refused, not lost: the call says so', async (t) => {
  const sink = await sinkOn('present');
  const error = await t.throwsAsync(sink.produce([batchOf('gone', 0, records(1))]), {
    instanceOf: SinkError,
  });
  t.is(error?.retriable, false);
  await sink.stop();
});
