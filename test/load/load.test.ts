// The load source: the same seed gives the same records, rows repeat with ids of their own, records
// go where their keys say, and a share of them is spoilt in the five ways.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { readCsv, repeatRows } from '../../src/load/csv.ts';
import { runLoad } from '../../src/load/load-source.ts';
import { CsvDataError } from '../../src/load/rows.ts';
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

function csv(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scorelane-csv-')), 'x.csv');
  writeFileSync(file, text);
  return file;
}

test('rows of a CSV file repeat, each with an id of its own and the key of its row', (t) => {
  const stream = repeatRows(readCsv(csv('a,b\n1,2\n3,4e1\n')));
  t.deepEqual(
    [0, 1, 2].map(() => stream.next().value),
    [
      { key: 'row-0', value: { id: 0, a: 1, b: 2 } },
      { key: 'row-1', value: { id: 1, a: 3, b: 40 } },
      { key: 'row-0', value: { id: 2, a: 1, b: 2 } },
    ],
  );
});

for (const [what, text, message] of [
  ['text', 'a,b\n1,x\n', /row 1: column "b" is "x"/],
  ['an empty cell', 'a,b\n1,\n', /row 1: column "b" is ""/],
  ['a row that is too short', 'a,b\n1\n', /Invalid Record Length/],
  ['no rows', 'a,b\n', /no rows/],
] as const) {
  test(`a CSV file with ${what} is refused with the place`, (t) => {
    t.throws(() => readCsv(csv(text)), { instanceOf: CsvDataError, message });
  });
}

test('records are sent to the partition of their key, as many as asked, the share of garbage spoilt', async (t) => {
  const broker = new MemoryBroker();
  broker.createTopic('in', 3);
  const { sent, spoilt } = await runLoad(
    {
      sink: new MemorySink(broker),
      topic: 'in',
      codec: codecs.msgpack,
      records: generateTransactions(generator, 1),
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
      records: generateTransactions(generator, 1),
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
