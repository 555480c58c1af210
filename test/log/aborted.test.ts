// Which batches a reader of committed records must not see.

import test from 'ava';
import { viewOf, writeInt64 } from '../../src/base/int64.ts';
import { skippedBatches } from '../../src/log/aborted.ts';
import { AT, type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

function batch(
  offset: number,
  producerId: number,
  attributes: number,
  key: Uint8Array | null = null,
): RawRecordBatch {
  const writer = new RecordBatchWriter();
  writer.appendRecord(0, key, Buffer.from('v'));
  const { bytes } = writer.finish();
  writeInt64(viewOf(bytes), AT.baseOffset, offset);
  writeInt64(viewOf(bytes), AT.producerId, producerId);
  viewOf(bytes).setInt16(AT.attributes, attributes);
  return { header: readHeader(bytes), bytes };
}

const data = (offset: number, producerId: number) => batch(offset, producerId, TRANSACTIONAL);
const plain = (offset: number) => batch(offset, -1, 0);
const abort = (offset: number, producerId: number) =>
  batch(offset, producerId, TRANSACTIONAL | CONTROL, Uint8Array.of(0, 0, 0, 0));
const commit = (offset: number, producerId: number) =>
  batch(offset, producerId, TRANSACTIONAL | CONTROL, Uint8Array.of(0, 0, 0, 1));

test('an aborted transaction is skipped from its first offset to its abort marker, and nothing else is', (t) => {
  const batches = [plain(0), data(1, 7), data(2, 8), abort(3, 7), data(4, 7), commit(5, 7), commit(6, 8)];
  t.deepEqual(skippedBatches(batches, [{ producerId: 7, firstOffset: 1 }]), [
    false,
    true,
    false,
    true,
    false,
    true,
    true,
  ]);
});

test('transactions that began before the fetch are all known at its first batch', (t) => {
  const batches = [data(10, 8), data(11, 7), abort(12, 8), abort(13, 7)];
  const aborted = [
    { producerId: 7, firstOffset: 2 },
    { producerId: 8, firstOffset: 3 },
  ];
  t.deepEqual(skippedBatches(batches, aborted), [true, true, true, true]);
});

test('the committed transaction of a producer before its aborted one is seen', (t) => {
  const batches = [data(0, 7), commit(1, 7), data(2, 7), abort(3, 7)];
  t.deepEqual(skippedBatches(batches, [{ producerId: 7, firstOffset: 2 }]), [false, true, true, true]);
});

test('the broker may name the aborted transactions in any order', (t) => {
  const batches = [data(1, 7), abort(2, 7), data(3, 8), data(4, 7), abort(5, 8), data(6, 8)];
  const aborted = [
    { producerId: 8, firstOffset: 3 },
    { producerId: 7, firstOffset: 1 },
  ];
  t.deepEqual(skippedBatches(batches, aborted), [true, true, true, false, true, false]);
});

test('a transaction that is aborted from the last record of a batch hides that batch', (t) => {
  const writer = new RecordBatchWriter();
  for (const value of ['a', 'b', 'c']) writer.appendRecord(0, null, Buffer.from(value));
  const { bytes } = writer.finish();
  writeInt64(viewOf(bytes), AT.producerId, 7);
  viewOf(bytes).setInt16(AT.attributes, TRANSACTIONAL);
  const three = { header: readHeader(bytes), bytes };
  t.deepEqual(skippedBatches([three], [{ producerId: 7, firstOffset: 2 }]), [true]);
  t.deepEqual(skippedBatches([three], [{ producerId: 7, firstOffset: 3 }]), [false]);
});

test('what a producer wrote outside of its aborted transaction is seen', (t) => {
  t.deepEqual(skippedBatches([data(0, 7), batch(1, 7, 0)], [{ producerId: 7, firstOffset: 0 }]), [
    true,
    false,
  ]);
});

test('only an abort marker ends it: one of a commit, of another producer or of a later kind does not', (t) => {
  const marker = (...key: number[]) => batch(1, 7, TRANSACTIONAL | CONTROL, Uint8Array.from(key));
  const isOver = (one: RawRecordBatch): boolean =>
    skippedBatches([data(0, 7), one, data(2, 7)], [{ producerId: 7, firstOffset: 0 }])[2] === false;
  t.true(isOver(marker(0, 0, 0, 0)));
  t.true(isOver(marker(0, 1, 0, 0)), 'a later version of the marker');
  t.false(isOver(marker(0, 0, 0, 1)));
  t.false(isOver(marker(0, 0, 1, 0)));
  t.false(isOver(abort(1, 8)));
});
