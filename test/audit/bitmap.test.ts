// A bit for each offset that was set costs as much as what was set, however far apart the offsets
// lie.

import test from 'ava';
import fc from 'fast-check';
import { Bitmap } from '../../src/audit/bitmap.ts';
import { Coverage } from '../../src/audit/coverage.ts';

/** As far as compaction can leave two records apart, and a little. */
const offsets = fc.oneof(fc.nat(300), fc.nat(2 ** 18), fc.maxSafeNat());

test('what was set is set, and found in runs, over gaps of any size', (t) => {
  fc.assert(
    fc.property(
      offsets,
      fc.array(offsets, { maxLength: 40 }),
      offsets,
      offsets,
      (from, set, first, until) => {
        const bitmap = new Bitmap(from, Number.MAX_SAFE_INTEGER);
        const all = new Set<number>();
        for (const offset of set) {
          const isIn = offset >= from && offset < Number.MAX_SAFE_INTEGER;
          t.is(bitmap.set(offset), isIn && all.has(offset));
          if (isIn) all.add(offset);
        }
        t.is(bitmap.count, all.size);
        for (const offset of set) t.is(bitmap.has(offset), all.has(offset));
        const found = bitmap
          .runs(first, until)
          .flatMap((run) => Array.from({ length: run.until - run.from }, (_, index) => run.from + index));
        const wanted = [...all].filter((offset) => offset >= first && offset < until);
        t.deepEqual(
          found,
          wanted.sort((left, right) => left - right),
        );
      },
    ),
  );
});

test('an audit of a partition with a gap of 2 ** 50 offsets ends, and names what is missing on both sides', (t) => {
  const far = 2 ** 50;
  const coverage = new Coverage(0, 0, far + 3, far + 2);
  for (const offset of [0, 1, far, far + 1, far + 2]) coverage.input(offset);
  for (const offset of [0, far]) coverage.answer('result', offset, 0);
  const { inputs, scoredOnce, missingOffsets, pending } = coverage.report();
  t.deepEqual({ inputs, scoredOnce, pending }, { inputs: 4, scoredOnce: 2, pending: 1 });
  t.deepEqual(missingOffsets, [
    [1, 1],
    [far + 1, far + 1],
  ]);
});
