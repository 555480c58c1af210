// By which partition counts records may lie where they do: every count that the topic has had
// counts, and none is named without need.

import test from 'ava';
import fc from 'fast-check';
import { placedBy } from '../../src/log/placed-by.ts';

const isPlaced = (hash: number, partition: number, counts: readonly number[]): boolean =>
  counts.some((count) => count > partition && hash % count === partition);

test('what any of the counts sends to a partition is placed there by those that are named, and by no fewer', (t) => {
  const counts = fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(counts, fc.nat(23), (all, partition) => {
      const named = placedBy(partition, all);
      t.deepEqual(
        named,
        [...named].sort((left, right) => left - right),
      );
      const hashes = Array.from({ length: 2_000 }, (_, hash) => hash);
      for (const hash of hashes) t.is(isPlaced(hash, partition, named), isPlaced(hash, partition, all));
      for (const left of named)
        t.true(
          [partition, partition + left].some(
            (hash) =>
              !isPlaced(
                hash,
                partition,
                named.filter((count) => count !== left),
              ),
          ),
          `${left} is not needed`,
        );
    }),
    { numRuns: 50 },
  );
});

test('a topic that grew for ever keeps its last counts', (t) => {
  const primes = [
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199,
  ];
  const more = [211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271];
  const all = [...primes, ...more];
  t.deepEqual(placedBy(3, all), all.slice(1));
});
