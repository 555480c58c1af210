// Record batches of a topic are closed before the record that would take them past their limit: the broker refuses what is past its own.

import test from 'ava';
import fc from 'fast-check';
import { PartitionWriters } from '../../src/log/partition-writers.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { NO_HEADERS } from '../../src/log/record-batch-writer.ts';
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
      const batches = writers.take();
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
