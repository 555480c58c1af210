// What the audit says of one partition, and that it says so of any mix of answers.

import test from 'ava';
import fc from 'fast-check';
import { Coverage } from '../../src/audit/coverage.ts';

function coverageOf(committed: number, inputs: readonly number[]): Coverage {
  const coverage = new Coverage(0, 10, 30, committed);
  for (const offset of inputs) coverage.input(offset);
  return coverage;
}

const range = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

test('every committed record without an answer is missing, and named', (t) => {
  const coverage = coverageOf(20, range(10, 24));
  for (const offset of [10, 11, 15, 19]) coverage.answer('result', offset, 0);
  coverage.answer('deadLetter', 16, 0);
  const { inputs, scoredOnce, dead, missing, missingOffsets, pending } = coverage.report();
  t.deepEqual(
    { inputs, scoredOnce, dead, missing, missingOffsets, pending },
    {
      inputs: 10,
      scoredOnce: 4,
      dead: 1,
      missing: 5,
      missingOffsets: [
        [12, 14],
        [17, 18],
      ],
      pending: 4,
    },
  );
});

test('a repeat is not out of order; a first answer after that of a later record is', (t) => {
  const coverage = coverageOf(14, range(10, 14));
  for (const offset of [10, 11, 10, 11, 13, 12]) coverage.answer('result', offset, 0);
  const { repeated, outOfOrder, missing } = coverage.report();
  t.deepEqual({ repeated, outOfOrder, missing }, { repeated: 2, outOfOrder: 1, missing: 0 });
});

test('dead letters and results are in order each for themselves, and each output partition for itself', (t) => {
  const coverage = coverageOf(14, range(10, 14));
  coverage.answer('result', 12, 0);
  coverage.answer('deadLetter', 11, 0);
  coverage.answer('result', 10, 1);
  coverage.answer('result', 13, 0);
  t.is(coverage.report().outOfOrder, 0);
});

test('offsets that hold no record, and answers from outside of the range, count for nothing', (t) => {
  const coverage = coverageOf(30, [10, 12]);
  for (const offset of [9, 10, 12, 30, 1e9]) coverage.answer('result', offset, 0);
  const { inputs, scoredOnce, repeated, missing } = coverage.report();
  t.deepEqual(
    { inputs, scoredOnce, repeated, missing },
    { inputs: 2, scoredOnce: 2, repeated: 0, missing: 0 },
  );
});

test('each committed record counts exactly once, whatever the answers', (t) => {
  const offsets = fc.array(fc.integer({ min: 5, max: 35 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      offsets,
      offsets,
      offsets,
      fc.integer({ min: 10, max: 30 }),
      (there, scored, dead, committed) => {
        const coverage = coverageOf(committed, there);
        for (const offset of scored) coverage.answer('result', offset, 0);
        for (const offset of dead) coverage.answer('deadLetter', offset, 0);
        const report = coverage.report();
        const wanted = new Set(there.filter((offset) => offset >= 10 && offset < 30));
        const lost = [...wanted].filter(
          (offset) => offset < committed && !scored.includes(offset) && !dead.includes(offset),
        );
        const { inputs, scoredOnce, repeated, missing, pending } = report;
        return (
          inputs + pending === wanted.size &&
          missing === lost.length &&
          scoredOnce + repeated + report.dead + missing === inputs
        );
      },
    ),
  );
  t.pass();
});
