// Where a keyed record goes. Another client's program and the values in the tests of Kafka's own
// client say what is right.

import { createRequire } from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import { murmur2, partitionOfKey } from '../../src/log/partitioner.ts';

const kafkajsMurmur2 = createRequire(import.meta.url)(
  'kafkajs/src/producer/partitioners/default/murmur2.js',
) as (key: Buffer) => number;

test('the hash is that of the Java client', (t) => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  const known = {
    21: -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(known)) t.is(murmur2(Buffer.from(key)), hash, key);
});

test('a key has its partition wherever it stands in a buffer, and whatever stands around it', (t) => {
  const around = fc.uint8Array({ maxLength: 5 });
  fc.assert(
    fc.property(
      around,
      fc.uint8Array({ maxLength: 20 }),
      around,
      fc.integer({ min: 1, max: 100 }),
      (before, key, after, count) => {
        const bytes = Uint8Array.of(...before, ...key, ...after);
        const [start, end] = [before.length, before.length + key.length];
        const hash = kafkajsMurmur2(Buffer.from(key));
        t.is(murmur2(bytes, start, end), hash);
        t.is(partitionOfKey(bytes, count, start, end), (hash & 0x7fff_ffff) % count);
        t.is(partitionOfKey(key, count), (hash & 0x7fff_ffff) % count);
      },
    ),
    { numRuns: 300 },
  );
});
