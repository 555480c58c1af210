// Where a record of the output goes, and when its batch is full; and that a dead letter is the
// record as it came.

import { createRequire } from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import { viewOf } from '../../../src/base/int64.ts';
import type { ResultBatch } from '../../../src/log/ports.ts';
import { readHeader } from '../../../src/log/record-batch.ts';
import { openRecordBatch } from '../../../src/log/record-batch-reader.ts';
import {
  NO_HEADERS,
  RECORD_OVERHEAD_BYTES_MAX,
  RecordBatchWriter,
} from '../../../src/log/record-batch-writer.ts';
import { rowOf } from '../../../src/worker/row.ts';
import { appendDeadLetter } from '../../../src/worker/write/append-dead-letter.ts';
import { Outputs } from '../../../src/worker/write/outputs.ts';
import { batchOf, recordsIn, type TestRecord } from '../../support/records.ts';

const kafkajsMurmur2 = createRequire(import.meta.url)(
  'kafkajs/src/producer/partitioners/default/murmur2.js',
) as (key: Buffer) => number;

const BUFFERS = { acquire: (byteLength: number) => new ArrayBuffer(byteLength), giveBack: () => {} };
const outputs = (batchBytesMax = 10_000): Outputs => new Outputs('out', batchBytesMax, 'none', BUFFERS);
const read = ({ bytes }: ResultBatch) => recordsIn({ header: readHeader(bytes), bytes });

/**
 * The partition to which a record with that key goes, which stands in the middle of other bytes.
 */
function partitionFor(
  counts: readonly [number, number],
  inputPartition: number,
  key: Uint8Array | null,
  before = 3,
): number {
  const to = outputs();
  to.spreadOver(...counts);
  const bytes = Uint8Array.of(...new Uint8Array(before).fill(1), ...(key ?? []), 1, 1);
  const [start, end] = key === null ? [-1, -1] : [before, before + key.length];
  to.writerFor(inputPartition, bytes, start, end, 1).appendRecord(0, null, Buffer.from('x'));
  const [batch] = to.flush();
  return batch?.partition as number;
}

test('a topic with as many partitions as the input takes each record into the partition from which it came', (t) => {
  for (const partition of [0, 1, 6]) {
    t.is(partitionFor([7, 7], partition, Buffer.from('key')), partition);
    t.is(partitionFor([7, 7], partition, null), partition);
  }
});

test('in all other topics a key has the partition that other clients give it, wherever it stands', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 12 }),
      fc.integer({ min: 2, max: 50 }),
      fc.nat(9),
      (key, count, before) => {
        const wanted = (kafkajsMurmur2(Buffer.from(key)) & 0x7fff_ffff) % count;
        t.is(partitionFor([count, count + 1], 0, key, before), wanted);
      },
    ),
  );
  t.is(partitionFor([5, 3], 12, null), 2, 'without a key the partitions of the input are spread over');
});

test('a topic has one partition until it is said how many', (t) => {
  const to = outputs();
  to.writerFor(4, Buffer.from('key'), 0, 3, 1).appendRecord(0, null, Buffer.from('x'));
  t.is(to.flush()[0]?.partition, 0);
});

test('a batch is full by key, value and headers together, and by not a byte less', (t) => {
  const key = Buffer.from('..a key..');
  const value = Buffer.alloc(60);
  const batches = (limit: number): readonly number[] => {
    const to = outputs(limit);
    for (let count = 0; count < 2; count++)
      to.writerFor(0, key, 2, 7, value.length).appendRecord(0, key.subarray(2, 7), value);
    return to.flush().map(({ recordCount }) => recordCount);
  };
  const writer = new RecordBatchWriter();
  writer.appendRecord(0, key.subarray(2, 7), value);
  const both = writer.byteLength + 5 + value.length + RECORD_OVERHEAD_BYTES_MAX;
  t.deepEqual(batches(both), [2]);
  t.deepEqual(batches(both - 1), [1, 1]);
});

const context = { topic: 'in', partition: 5, model: 'm', version: '2' };
const rejection = { stage: 'decode', code: 'UNDECODABLE', message: 'no value' } as const;

/** Dead letters of records, appended to batches with that limit. */
function deadLetters(records: readonly TestRecord[], limit = 10_000): readonly ResultBatch[] {
  const { bytes } = batchOf('in', 5, records);
  const reader = openRecordBatch({ header: readHeader(bytes), bytes }, 1_000);
  const to = outputs(limit);
  to.spreadOver(6, 6);
  while (reader.next()) appendDeadLetter(to, rowOf(reader), rejection, context, []);
  return to.flush();
}

test('a dead letter is the record as it came, in its own partition, with the reason behind its headers', (t) => {
  const records: TestRecord[] = [
    { key: 'k', value: 'the value', timestampMs: 77, headers: [['own', 'x']] },
    { key: null, value: null, timestampMs: 5, headers: [] },
    {
      key: '',
      value: '',
      timestampMs: 6,
      headers: [
        ['own', null],
        ['own', 'twice'],
      ],
    },
  ];
  const [batch, ...more] = deadLetters(records);
  t.deepEqual(more, []);
  t.like(batch, { topic: 'out', partition: 5, recordCount: 3 });
  for (const [index, letter] of read(batch as ResultBatch).entries()) {
    const { headers = [], ...record } = records[index] as TestRecord;
    t.like(letter, record);
    t.deepEqual(letter.headers.slice(0, headers.length), headers);
    const reason = Object.fromEntries(letter.headers.slice(headers.length));
    t.is(reason['__scorelane.errors.code'], 'UNDECODABLE');
    t.is(reason['__scorelane.errors.offset'], String(index));
  }
});

test('a dead letter fills its batch with its value and all of its headers', (t) => {
  const record = { key: 'k', value: 'v'.repeat(200), headers: [['h', 'x'.repeat(100)]] } as const;
  const [one] = deadLetters([record]);
  const { bytes } = one as ResultBatch;
  const reader = openRecordBatch({ header: readHeader(bytes), bytes }, 10_000);
  reader.next();
  const { keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = reader;
  const parts = keyEnd - keyStart + valueEnd - valueStart + headersEnd - headersStart;
  const both = bytes.byteLength + parts + RECORD_OVERHEAD_BYTES_MAX;
  const counts = (limit: number) =>
    deadLetters([record, record], limit).map(({ recordCount }) => recordCount);
  t.deepEqual(counts(both), [2]);
  t.deepEqual(counts(both - 1), [1, 1]);
  t.true(viewOf(NO_HEADERS).byteLength === 1 && parts > 500);
});
