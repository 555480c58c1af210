// A record batch that its topic does not take whole is cut into two: all records, in their order,
// as they were.

import test from 'ava';
import { COMPRESSION_TYPES } from '../../src/log/compression.ts';
import { halve } from '../../src/log/halve.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { batchOf, recordsIn, type TestRecord } from '../support/records.ts';

const read = ({ bytes }: ResultBatch): TestRecord[] =>
  recordsIn({ header: readHeader(bytes), bytes }).map(({ offset, ...record }) => record);

test('the halves hold the records as they were, with the smaller half in front, and are compressed as the whole was', (t) => {
  const all: Required<TestRecord>[] = [
    { key: 'a', value: 'one', timestampMs: 5_000, headers: [['h', 'x']] },
    { key: null, value: 'two', timestampMs: 4_000, headers: [] },
    {
      key: 'c',
      value: null,
      timestampMs: 6_000,
      headers: [
        ['h', null],
        ['i', ''],
      ],
    },
    { key: '', value: '', timestampMs: 7_000, headers: [] },
    { key: 'e', value: 'five', timestampMs: -1, headers: [] },
  ];
  for (const compression of COMPRESSION_TYPES)
    for (let count = 2; count <= all.length; count++) {
      const given = all.slice(0, count);
      const [first, second] = halve(batchOf('answers', 3, given, compression));
      const middle = Math.floor(count / 2);
      t.deepEqual(read(first), given.slice(0, middle));
      t.deepEqual(read(second), given.slice(middle));
      for (const [half, recordCount] of [
        [first, middle],
        [second, count - middle],
      ] as const) {
        const header = readHeader(half.bytes);
        t.is(COMPRESSION_TYPES[header.compression], compression);
        t.like(half, { topic: 'answers', partition: 3, recordCount });
        t.is(header.recordCount, recordCount);
      }
    }
});
