// What a writer of record batches does with its buffers: few of them, each given back that was
// outgrown, and large enough to the byte.

import test from 'ava';
import { viewOf } from '../../src/base/int64.ts';
import { AT, HEADER_BYTES, readHeader, TRANSACTIONAL } from '../../src/log/record-batch.ts';
import { RecordBatchWriter, stamp } from '../../src/log/record-batch-writer.ts';
import { batchOf, recordsIn } from '../support/records.ts';

const rawOf = (bytes: Uint8Array) => ({ header: readHeader(bytes), bytes });

function countingBuffers() {
  const taken: ArrayBuffer[] = [];
  const back: ArrayBuffer[] = [];
  return {
    taken,
    back,
    acquire: (byteLength: number) => {
      const buffer = new ArrayBuffer(byteLength);
      taken.push(buffer);
      return buffer;
    },
    giveBack: (buffer: ArrayBuffer) => void back.push(buffer),
  };
}

test('a record of any size is written whole, also where it ends close to the end of its buffer', (t) => {
  const firstBytes = 16 * 1024;
  for (let size = firstBytes - HEADER_BYTES - 30; size <= firstBytes - HEADER_BYTES; size++) {
    const value = Buffer.alloc(size, 'x');
    const writer = new RecordBatchWriter();
    writer.appendRecord(0, null, value);
    writer.appendRecord(0, null, Buffer.from('y'));
    const values = recordsIn(rawOf(writer.finish().bytes)).map((record) => record.value);
    t.true(values[0] === value.toString() && values[1] === 'y', `${size} bytes`);
  }
});

test('a batch that outgrows a buffer gives it back; the one that it ends in goes out with it', (t) => {
  const buffers = countingBuffers();
  const writer = new RecordBatchWriter(buffers);
  t.is(buffers.taken.length, 0, 'nothing is taken before there is a record');
  for (let count = 0; count < 100; count++) writer.appendRecord(0, null, Buffer.alloc(1_000));
  const { bytes } = writer.finish();
  t.deepEqual(
    buffers.taken.map(({ byteLength }) => byteLength),
    [16_384, 32_768, 65_536, 131_072],
  );
  t.deepEqual(buffers.back, buffers.taken.slice(0, -1));
  t.is(bytes.buffer, buffers.taken.at(-1) as ArrayBuffer);
  t.is(bytes.byteOffset, 0);
});

test('the next batch begins with a buffer as large as the last one was, and never with a tiny one', (t) => {
  const buffers = countingBuffers();
  const writer = new RecordBatchWriter(buffers);
  writer.appendRecord(0, null, Buffer.alloc(50_000));
  const { bytes } = writer.finish();
  writer.appendRecord(0, null, Buffer.alloc(10));
  t.is(buffers.taken.at(-1)?.byteLength, bytes.byteLength);
  writer.finish();
  writer.appendRecord(0, null, Buffer.alloc(10));
  t.is(buffers.taken.at(-1)?.byteLength, 16_384);
  t.is(buffers.back.length, 0);
});

test('a compressed batch goes out in a buffer of its own, and the writer keeps the one that it wrote into', (t) => {
  const buffers = countingBuffers();
  const writer = new RecordBatchWriter(buffers);
  for (const value of ['a', 'b']) {
    writer.appendRecord(0, null, Buffer.from(value));
    const { bytes, recordCount } = writer.finish('gzip');
    t.is(recordCount, 1);
    t.is(bytes.byteLength, bytes.buffer.byteLength);
    t.deepEqual(
      recordsIn(rawOf(bytes)).map((record) => record.value),
      [value],
    );
  }
  t.is(buffers.taken.length, 1);
});

test('a writer is empty after a batch, and an empty one makes none', (t) => {
  const writer = new RecordBatchWriter();
  t.throws(() => writer.finish(), { instanceOf: RangeError });
  writer.appendRecord(9_000, null, Buffer.from('a'));
  writer.finish();
  t.is(writer.recordCount, 0);
  t.is(writer.byteLength, HEADER_BYTES);
  t.throws(() => writer.finish(), { message: /at least one record/ });
  writer.appendRecord(3_000, null, Buffer.from('b'));
  writer.appendRecord(2_000, null, Buffer.from('c'));
  const header = readHeader(writer.finish().bytes);
  t.like(
    header,
    { baseTimestamp: 3_000, maxTimestamp: 3_000, recordCount: 2, lastOffset: 1 },
    'nothing of the last batch',
  );
});

test('a stamp says whether the batch is part of a transaction, and leaves the other attributes', (t) => {
  const { bytes } = batchOf('t', 0, [{ key: null, value: 'x' }], 'zstd');
  const producer = { producerId: 1, producerEpoch: 2, baseSequence: 3 };
  for (const transactional of [true, false, true, undefined]) {
    stamp(bytes, transactional === undefined ? producer : { ...producer, transactional });
    t.is(viewOf(bytes).getInt16(AT.attributes), 4 | (transactional === true ? TRANSACTIONAL : 0));
    t.is(recordsIn(rawOf(bytes)).length, 1);
  }
});
