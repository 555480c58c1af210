// The load source: the same seed gives the same records, records go where their keys say, a share
// of them is spoilt in the five ways, and a rate that was not reached is told.

import { join } from 'node:path';
import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { endless } from '../../src/load/load-record.ts';
import { runLoad, shortfall } from '../../src/load/load-source.ts';
import { generateTransactions } from '../../src/load/transactions.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MODEL_FOLDER, transactions } from '../support/model.ts';
import { INFLATED_BYTES_MAX } from '../support/records.ts';

const generator = join(MODEL_FOLDER, 'generator.json');

test('the same seed gives the same transactions, another seed others', (t) => {
  t.deepEqual(transactions(100, 5), transactions(100, 5));
  t.notDeepEqual(transactions(100, 5), transactions(100, 6));
});

test('generated transactions look like those they were fitted to: amounts positive and skewed, every field there', (t) => {
  const amounts = transactions(2_000).map(({ Amount }) => Number(Amount));
  t.true(amounts.every((amount) => amount >= 0 && Number.isFinite(amount)));
  const mean = amounts.reduce((sum, amount) => sum + amount, 0) / amounts.length;
  const median = amounts.toSorted((a, b) => a - b)[1_000] as number;
  t.true(mean > 1.5 * median);
  t.is(Object.keys(transactions(1)[0] ?? {}).length, 30);
});

test('records are sent to the partition of their key, as many as asked, the share of garbage spoilt', async (t) => {
  const broker = new MemoryBroker();
  broker.createTopic('in', 3);
  const { sent, spoilt } = await runLoad(
    {
      sink: new MemorySink(broker),
      topic: 'in',
      codec: codecs.msgpack,
      records: endless(generateTransactions(generator, 1)),
      recordsPerSecond: Number.POSITIVE_INFINITY,
      count: 5_000,
      garbage: { share: 0.1, field: 'Amount' },
      batchBytesMax: 100_000,
    },
    new AbortController().signal,
  );
  t.is(sent, 5_000);
  t.true(spoilt > 400 && spoilt < 600, `${spoilt} spoilt`);
  let read = 0;
  broker.partitions('in').forEach((log, partition) => {
    for (const batch of log.batches) {
      t.true(batch.bytes.byteLength <= 100_000);
      const reader = openRecordBatch(batch, INFLATED_BYTES_MAX);
      while (reader.next()) {
        read++;
        t.is(partitionOfKey(reader.bytes, 3, reader.keyStart, reader.keyEnd), partition);
      }
    }
  });
  t.is(read, 5_000);
});

test('a load that is told to stop ends, and says what it sent', async (t) => {
  const broker = new MemoryBroker();
  broker.createTopic('in', 1);
  const stop = new AbortController();
  const running = runLoad(
    {
      sink: new MemorySink(broker),
      topic: 'in',
      codec: codecs.json,
      records: endless(generateTransactions(generator, 1)),
      recordsPerSecond: 1_000,
      count: Number.POSITIVE_INFINITY,
      garbage: { share: 0, field: '' },
      batchBytesMax: 100_000,
    },
    stop.signal,
  );
  stop.abort();
  const { sent } = await running;
  t.is<number, number>(broker.partition({ topic: 'in', partition: 0 }).logEnd, sent);
});

test('a rate that was not reached is told, one that was reached or not measured is not', (t) => {
  const result = (sent: number, seconds: number) => ({ sent, seconds, spoilt: 0, failure: undefined });
  t.is(shortfall(200_000, result(725_381, 10)), 'asked 200,000 records a second, reached 72,538');
  t.is(shortfall(1_000, result(9_990, 10)), null);
  t.is(shortfall(Number.POSITIVE_INFINITY, result(10, 10)), null);
  t.is(shortfall(1_000, result(10, 0.1)), null);
});

test('a load whose records end, or fail, has sent those before', async (t) => {
  const broker = new MemoryBroker();
  broker.createTopic('in', 1);
  for (const [last, failure] of [
    [async () => [], undefined],
    [() => Promise.reject(new Error('row 3')), 'row 3'],
  ] as const) {
    const takes = [async () => transactions(2).map((value) => ({ key: 'a', value })), last];
    const load = {
      sink: new MemorySink(broker),
      topic: 'in',
      codec: codecs.json,
      records: { take: () => (takes.shift() ?? last)() },
      recordsPerSecond: Number.POSITIVE_INFINITY,
      count: 10,
      garbage: { share: 0, field: '' },
      batchBytesMax: 100_000,
    };
    const result = await runLoad(load, new AbortController().signal);
    t.is(result.sent, 2);
    t.is((result.failure as Error | undefined)?.message, failure);
  }
});
