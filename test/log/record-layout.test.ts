// How records stand in a batch, byte by byte: another client's reader takes what is written here,
// and records that overlap, or reach past their end, are damaged even where the CRC is right.

import { createRequire } from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import { viewOf, writeInt64 } from '../../src/base/int64.ts';
import {
  AT,
  HEADER_BYTES,
  LENGTH_OVERHEAD,
  readHeader,
  splitRecordBatches,
  UnsupportedFormatError,
} from '../../src/log/record-batch.ts';
import {
  countHeaders,
  DamagedBatchError,
  openRecordBatch,
  parseHeaders,
  type RecordView,
} from '../../src/log/record-batch-reader.ts';
import { encodeHeaders, NO_HEADERS, RecordBatchWriter, stamp } from '../../src/log/record-batch-writer.ts';
import { batchOf, recordsIn } from '../support/records.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decodeWithKafkajs = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<object>;

const rawOf = (bytes: Uint8Array) => ({ header: readHeader(bytes), bytes });

test('another client reads the records, the header and the producer as they were written', async (t) => {
  const { bytes } = batchOf('t', 0, [
    { key: 'a', value: 'one', timestampMs: 5_000, headers: [['h', 'x']] },
    { key: null, value: 'two', timestampMs: 7_000 },
    {
      key: 'c',
      value: null,
      timestampMs: 6_000,
      headers: [
        ['i', 'y'],
        ['j', 'z'],
      ],
    },
  ]);
  stamp(bytes, { producerId: 77, producerEpoch: 3, baseSequence: 12, transactional: true });
  writeInt64(viewOf(bytes), AT.baseOffset, 40);
  const text = (value: unknown): string | null => (value === null ? null : String(value));
  // It is handed what follows the length of all batches.
  const read = (await decodeWithKafkajs(new Decoder(Buffer.from(bytes)))) as Record<string, unknown> & {
    readonly records: readonly {
      readonly offset: string;
      readonly timestamp: string;
      readonly key: unknown;
      readonly value: unknown;
      readonly headers: Record<string, unknown>;
    }[];
  };
  t.like(read, {
    firstOffset: '40',
    firstTimestamp: '5000',
    maxTimestamp: '7000',
    partitionLeaderEpoch: -1,
    inTransaction: true,
    isControlBatch: false,
    lastOffsetDelta: 2,
    producerId: '77',
    producerEpoch: 3,
  });
  t.deepEqual(
    read.records.map(({ offset, timestamp, key, value, headers }) => [
      offset,
      timestamp,
      text(key),
      text(value),
      Object.keys(headers).join(),
    ]),
    [
      ['40', '5000', 'a', 'one', 'h'],
      ['41', '7000', null, 'two', ''],
      ['42', '6000', 'c', null, 'i,j'],
    ],
  );
});

test('each flag of the header is its own, wherever in a fetch the batch stands', (t) => {
  const { bytes } = batchOf('t', 0, [
    { key: 'a', value: '1', timestampMs: 5_000 },
    { key: 'b', value: '2', timestampMs: 9_000 },
  ]);
  const plain = { compression: 0, logAppendTime: false, transactional: false, control: false };
  for (const [attributes, set] of [
    [0, {}],
    [4, { compression: 4 }],
    [8, { logAppendTime: true }],
    [16, { transactional: true }],
    [32, { control: true }],
    [64, {}],
  ] as const) {
    viewOf(bytes).setInt16(AT.attributes, attributes);
    writeInt64(viewOf(bytes), AT.baseOffset, 70);
    const behind = Buffer.concat([Buffer.alloc(9, 0xff), bytes]);
    t.like(readHeader(behind, 9), {
      ...plain,
      ...set,
      baseOffset: 70,
      lastOffset: 71,
      next: 72,
      byteLength: bytes.byteLength,
      baseTimestamp: 5_000,
      maxTimestamp: 9_000,
      producerId: -1,
      recordCount: 2,
    });
  }
});

test('an offset that no log can hold is refused, and a negative count of records adds none', (t) => {
  const { bytes } = batchOf('t', 0, [{ key: null, value: 'x' }]);
  viewOf(bytes).setInt32(AT.lastOffsetDelta, -5);
  t.like(readHeader(bytes), { lastOffset: 0, next: 1 });
  writeInt64(viewOf(bytes), AT.baseOffset, -1);
  t.throws(() => readHeader(bytes), { instanceOf: RangeError });
});

test('a fetch is cut into its batches at whatever byte it begins, each a view on what was fetched', (t) => {
  const whole = ['one', 'two two', 'three three three'].map(
    (value) => batchOf('t', 0, [{ key: null, value }]).bytes,
  );
  const fetched = Buffer.concat([Buffer.alloc(7), ...whole, Buffer.alloc(3)]).subarray(7);
  const batches = splitRecordBatches(fetched);
  t.deepEqual(
    batches.map(({ bytes }) => Buffer.from(bytes)),
    whole.map((bytes) => Buffer.from(bytes)),
  );
  t.true(batches.every(({ bytes }) => bytes.buffer === fetched.buffer));
  t.deepEqual(
    batches.flatMap((batch) => recordsIn(batch).map(({ value }) => value)),
    ['one', 'two two', 'three three three'],
  );
  t.deepEqual(splitRecordBatches(fetched.subarray(0, HEADER_BYTES - 1)), []);
});

test('a batch that says to be shorter than its header is refused: it would be read for ever', (t) => {
  for (const byteLength of [0, 12, HEADER_BYTES - 1]) {
    const { bytes } = batchOf('t', 0, [{ key: null, value: 'x' }]);
    viewOf(bytes).setInt32(AT.batchLength, byteLength - LENGTH_OVERHEAD);
    t.throws(() => splitRecordBatches(bytes), {
      instanceOf: UnsupportedFormatError,
      message: `record batch of ${byteLength} bytes, shorter than its own header`,
    });
    bytes[AT.magic] = 1;
    t.throws(() => splitRecordBatches(bytes), { message: /magic byte 1/ });
  }
  const empty = Buffer.alloc(HEADER_BYTES);
  empty.writeInt32BE(HEADER_BYTES - LENGTH_OVERHEAD, AT.batchLength);
  empty[AT.magic] = 2;
  t.is(splitRecordBatches(empty).length, 1, 'compaction leaves batches without records');
});

/** A batch with these bytes for its records, and the right CRC. */
function batchOfBytes(records: readonly number[], recordCount = 1) {
  const bytes = Buffer.concat([
    batchOf('t', 0, [{ key: null, value: null }]).bytes.subarray(0, HEADER_BYTES),
    Buffer.from(records),
  ]);
  viewOf(bytes).setInt32(AT.recordCount, recordCount);
  stamp(bytes, { producerId: -1, producerEpoch: -1, baseSequence: -1 });
  return rawOf(bytes);
}

// Lengths are zigzag varints: 2n is n, 1 is -1. Length, attributes, timestamp, offset, key length,
// key, value length, value, headers.
const WHOLE = [20, 0, 0, 0, 2, 107, 4, 118, 119, 0, 0];

test('a record is what its lengths say, and nothing of it lies outside of it', (t) => {
  const whole = [...WHOLE];
  t.like(recordsIn(batchOfBytes(whole))[0], { key: 'k', value: 'vw', headers: [] });
  const damaged = {
    'a record longer than the batch': [22, ...whole.slice(1)],
    'a negative length': [1, ...whole.slice(1)],
    'no length': [0, ...whole.slice(1)],
    'a key past the record': [...whole.slice(0, 4), 40, ...whole.slice(5)],
    'a value past the record': [...whole.slice(0, 6), 40, ...whole.slice(7)],
    'a value past the record, into the next': [...whole.slice(0, 6), 12, ...whole.slice(7), ...whole],
    'a record that is cut off': [20, 0, 0],
    'fewer records than the header says': [],
  };
  for (const [what, records] of Object.entries(damaged)) {
    const error = t.throws(() => recordsIn(batchOfBytes(records)), { instanceOf: DamagedBatchError }, what);
    t.true(error?.cause instanceof Error, what);
  }
  t.throws(() => recordsIn(batchOfBytes([...whole.slice(0, 6), 12, ...whole.slice(7), ...whole])), {
    message: /run past the record/,
  });
  const nothing = recordsIn(batchOfBytes([12, 0, 0, 0, 1, 1, 0]))[0];
  t.like(nothing, { key: null, value: null, headers: [] }, 'both may be null');
  t.is(recordsIn(batchOfBytes([...whole, ...whole], 2)).length, 2);
  t.is(recordsIn(batchOfBytes([...whole, ...whole], 1)).length, 1, 'the count decides');
});

test('the positions of a record are those of its parts, and -1 where a part is null', (t) => {
  const reader = openRecordBatch(batchOfBytes([...WHOLE, 12, 0, 0, 2, 1, 1, 0], 2), 1_000);
  t.true(reader.next());
  t.like(reader, {
    offset: 0,
    keyStart: 5,
    keyEnd: 6,
    valueStart: 7,
    valueEnd: 9,
    headersStart: 9,
    headersEnd: 11,
  });
  t.true(reader.next());
  t.like(reader, {
    offset: 1,
    keyStart: -1,
    keyEnd: -1,
    valueStart: -1,
    valueEnd: -1,
    headersStart: 17,
    headersEnd: 18,
  });
  t.is(reader.key(), null);
  t.is(reader.value(), null);
  t.false(reader.next());
  t.false(reader.next());
});

const name = fc.string({ maxLength: 200 });
const header = fc.record({ key: name, value: fc.option(fc.uint8Array({ maxLength: 200 })) });
const headers = fc.array(header, { maxLength: 5 });

const viewOn = (block: Uint8Array): RecordView =>
  ({ bytes: block, headersStart: 0, headersEnd: block.byteLength }) as unknown as RecordView;

test('headers are read as they were written, those given as a block before the others', (t) => {
  fc.assert(
    fc.property(headers, headers, (first, second) => {
      const block = encodeHeaders(second, encodeHeaders(first));
      t.deepEqual(
        parseHeaders(viewOn(block)).map(({ key, value }) => ({
          key,
          value: value === null ? null : Uint8Array.from(value),
        })),
        [...first, ...second].map(({ key, value }) => ({
          key,
          value: value === null ? null : Uint8Array.from(value),
        })),
      );
    }),
  );
});

test('headers are counted where they fill their block, and -1 says that they do not', (t) => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ minLength: 1, maxLength: 3 }), (given, more) => {
      const block = encodeHeaders(given);
      t.is(countHeaders(viewOn(block)), given.length);
      t.is(countHeaders(viewOn(Uint8Array.of(...block, ...more))), -1, 'more bytes than headers');
      t.is(
        countHeaders({
          ...viewOn(Uint8Array.of(...more, ...block)),
          headersStart: more.length,
          headersEnd: more.length + block.length,
        }),
        given.length,
      );
      for (let end = 0; end < block.length; end++)
        t.is(countHeaders(viewOn(block.subarray(0, end))), -1, `cut off at ${end}`);
    }),
    { numRuns: 50 },
  );
  // A key of -1 bytes, and a count that leads past the end.
  t.is(countHeaders(viewOn(Uint8Array.of(2, 1, 1))), -1);
  t.is(countHeaders(viewOn(Uint8Array.of(2, 1))), -1, 'though the block ends where it would');
  t.is(countHeaders(viewOn(Uint8Array.of(4, 0, 0))), -1);
  t.is(countHeaders(viewOn(Uint8Array.of(2, 0, 0))), 1);
  t.is(countHeaders(viewOn(NO_HEADERS)), 0);
});

test('a record is copied out of the middle of other buffers', (t) => {
  const bytes = Buffer.from('..key..value..\u0002\u0002h\u0002x..');
  const writer = new RecordBatchWriter();
  const view = viewOf(bytes);
  writer.append(1, bytes, 2, 5, view, 7, 12, view, 14, 19);
  t.is(writer.recordCount, 1);
  t.is(writer.byteLength, HEADER_BYTES + 1 + 4 + 3 + 1 + 5 + 1 + 5 - 1);
  t.deepEqual(recordsIn(rawOf(writer.finish().bytes)), [
    { offset: 0, timestampMs: 1, key: 'key', value: 'value', headers: [['h', 'x']] },
  ]);
});
