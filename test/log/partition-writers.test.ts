// Record batches of a topic are closed before the record that would take them past their limit: the
// broker refuses what is past its own.

import test from 'ava';
import fc from 'fast-check';
import { sizeOfVarint, sizeOfVarlong } from '../../src/base/varint.ts';
import { PartitionWriters } from '../../src/log/partition-writers.ts';
import { HEADER_BYTES, readHeader } from '../../src/log/record-batch.ts';
import { NO_HEADERS, RECORD_OVERHEAD_BYTES_MAX } from '../../src/log/record-batch-writer.ts';
import { recordsIn } from '../support/records.ts';

const LIMIT = 1_000;

test('no batch passes its limit unless it holds one record, and the order within a partition stays', (t) => {
  const record = fc.record({ partition: fc.nat(2), size: fc.nat(LIMIT + 200), hasKey: fc.boolean() });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), (records) => {
      const writers = new PartitionWriters('t', LIMIT);
      records.forEach(({ partition, size, hasKey }, index) => {
        const [key, value] = [hasKey ? Buffer.from(`${index}`) : null, Buffer.alloc(size, 'x')];
        writers
          .writerFor(partition, size + (key?.byteLength ?? 0))
          .appendRecord(2 ** 43 * (index % 3), key, value, NO_HEADERS);
      });
      const batches = writers.flush();
      t.true(batches.every(({ bytes, recordCount }) => recordCount === 1 || bytes.byteLength <= LIMIT));
      for (const wanted of [0, 1, 2]) {
        const sizes = batches
          .filter(({ partition }) => partition === wanted)
          .flatMap(({ bytes }) => recordsIn({ header: readHeader(bytes), bytes }))
          .map(({ value }) => value?.length);
        t.deepEqual(
          sizes,
          records.filter(({ partition }) => partition === wanted).map(({ size }) => size),
        );
      }
    }),
  );
});

test('a batch is filled up to its limit, and not a byte further', (t) => {
  const batchesWith = (limit: number): readonly number[] => {
    const writers = new PartitionWriters('t', limit);
    for (let count = 0; count < 2; count++)
      writers.writerFor(0, 100).appendRecord(0, null, Buffer.alloc(100));
    return writers.flush().map(({ recordCount }) => recordCount);
  };
  const writer = new PartitionWriters('t', LIMIT).writerFor(0, 100);
  writer.appendRecord(0, null, Buffer.alloc(100));
  const both = writer.byteLength + 100 + RECORD_OVERHEAD_BYTES_MAX;
  t.true(both > HEADER_BYTES + 200);
  t.deepEqual(batchesWith(both), [2]);
  t.deepEqual(batchesWith(both - 1), [1, 1]);
});

test('what a record takes besides its parts is no more than is counted for it', (t) => {
  const length = sizeOfVarint(2 ** 31 - 1);
  // Its own length, attributes, timestamp, offset, the lengths of key and value, a count of no
  // headers.
  const most = length + 1 + sizeOfVarlong(2n ** 63n - 1n) + length + length + length + NO_HEADERS.byteLength;
  t.is(RECORD_OVERHEAD_BYTES_MAX, most);
});

test('what was taken is taken once, and a partition without records has no batch', (t) => {
  const writers = new PartitionWriters('answers', LIMIT, 'zstd');
  writers.writerFor(0, 10);
  writers.writerFor(2, 10).appendRecord(0, null, Buffer.from('x'));
  const [batch, ...more] = writers.flush();
  t.deepEqual(more, []);
  t.like(batch, { topic: 'answers', partition: 2, recordCount: 1 });
  t.is(readHeader(batch?.bytes as Uint8Array).compression, 4);
  t.deepEqual(writers.flush(), []);
});

test('all writers get their buffers from where they are told to', (t) => {
  const taken: number[] = [];
  const take = (byteLength: number): ArrayBuffer => {
    taken.push(byteLength);
    return new ArrayBuffer(byteLength);
  };
  const writers = new PartitionWriters('t', LIMIT, 'none', { acquire: take, giveBack: () => {} });
  for (const partition of [0, 1]) writers.writerFor(partition, 1).appendRecord(0, null, Buffer.from('x'));
  t.is(taken.length, 2);
});
