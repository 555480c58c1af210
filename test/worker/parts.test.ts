// Micro-batches of several lanes in one task: one predict call takes the rows of all of them, and
// each has the answers that it gets when it comes alone, byte for byte (invariants 2 and 8).

import test from 'ava';
import fc from 'fast-check';
import type { NextOffset } from '../../src/log/offset.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import type { ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { type Given, microBatchOf, outputsOf, transactions } from '../support/model.ts';
import { runs } from '../support/runs.ts';
import { plan, requestFor, scoreOne, scorerWith, sums } from '../support/scorer.ts';

const [VALUE = {}, OTHER = {}] = transactions(2);
const KINDS = {
  good: VALUE,
  another: OTHER,
  undecodable: Uint8Array.of(0xc1),
  incomplete: { id: 'x' },
  tombstone: null,
  refusedByModel: { ...VALUE, V1: 1e6 },
  notFinite: { ...VALUE, V1: -1e6 },
} as const satisfies Record<string, Given['value']>;
const kind = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('good' as const, 'another' as const) },
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])) },
);

/** A model that throws for some rows, and gives infinity for others. */
const odd = (calls: number[]) => ({
  ...sums([]),
  predict(features: Float32Array, rows: number): Float32Array[] {
    calls.push(rows);
    const sumOf = (row: number): number =>
      features.subarray(row * plan.width, (row + 1) * plan.width).reduce((sum, value) => sum + value, 0);
    const scores = Float32Array.from({ length: rows }, (_, row) => sumOf(row));
    if (scores.some((sum) => sum > 1e5)) throw new Error('the model cannot take it');
    return [scores.map((sum) => (sum < -1e5 ? Number.POSITIVE_INFINITY : sum))];
  },
});

/** So small that records of one part are in several chunks, and in several result batches. */
const SETUP: Partial<ScorerSetup> = {
  predictRecordsMax: 5,
  resultBatchBytesMax: 700,
  tombstones: 'skip',
};

const ownOf = ({ decodeMs: _, predictMs: _p, encodeMs: _e, outputs, ...rest }: Outcome) => ({
  ...rest,
  outputs: outputs.map(({ bytes, ...output }) => ({ ...output, bytes: Buffer.from(bytes).toString('hex') })),
});

/** How many of the dead letters say which code in their headers. */
const codesIn = (outcome: Outcome): Record<string, number> => {
  const codes: Record<string, number> = {};
  for (const { topic, headers } of outputsOf(outcome)) {
    if (topic !== 'dead') continue;
    const code = String(headers['__scorelane.errors.code']);
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return codes;
};

const part = fc.record({
  partition: fc.nat(3),
  kinds: fc.array(kind, { maxLength: 12 }),
  from: fc.nat(3),
  omitted: fc.option(fc.nat(12), { nil: null }),
});

test('each part has the outputs, the counts, the codes and the timestamps that it has alone, whatever the records are and however they are split', (t) => {
  let shared = 0;
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), fc.nat(2), (given, outputPartitions) => {
      const counts = { input: 4, results: [4, 1, 3][outputPartitions] as number, deadLetters: 2 };
      const microBatches = given.map(({ partition, kinds, from }, index): MicroBatch => {
        const records = kinds.map((name, at): Given => ({ key: `${index}/${at}`, value: KINDS[name] }));
        const whole = microBatchOf(
          records.length > 0 ? records : [{ key: null, value: null }],
          'msgpack',
          100 * index,
        );
        return { ...whole, partition, first: (whole.first + Math.min(from, kinds.length)) as NextOffset };
      });
      const omits = given.map(({ omitted }, index) =>
        omitted === null ? [] : [{ from: 100 * index + omitted, until: 100 * index + omitted + 2 }],
      );
      const alone = microBatches.map((microBatch, index) =>
        scoreOne(scorerWith(odd([]), SETUP), microBatch, { counts, omit: omits[index] ?? [] }),
      );
      const request = requestFor(...microBatches);
      const parts = request.parts.map((each, index) => ({ ...each, omit: omits[index] ?? [] }));
      const together = scorerWith(odd([]), SETUP).score({ ...request, counts, parts });
      t.deepEqual(together.map(ownOf), alone.map(ownOf));
      t.deepEqual(
        together.map(({ deadLetterCodes }) => deadLetterCodes as object),
        together.map(codesIn),
      );
      if (together.filter(({ scored, deadLetters }) => scored > 0 && deadLetters > 0).length > 1) shared++;
    }),
    runs(300),
  );
  t.true(shared > 0);
});

test('one predict call takes the rows of all parts', (t) => {
  const calls: number[] = [];
  const microBatches = [3, 1, 2].map((count, partition) => ({
    ...microBatchOf(Array.from({ length: count }, () => ({ key: 'k', value: VALUE }))),
    partition,
  }));
  const outcomes = scorerWith(odd(calls), { predictRecordsMax: 16 }).score(requestFor(...microBatches));
  t.deepEqual(calls, [6]);
  t.deepEqual(
    outcomes.map(({ scored }) => scored),
    [3, 1, 2],
  );
});

test('what is wrong with the record batch of one part fails the request: no part is scored', (t) => {
  const good = microBatchOf([{ key: 'k', value: VALUE }]);
  const request = requestFor(good, good);
  const damaged = new Uint8Array(request.bytes);
  const [first] = request.parts;
  const end = 2 * (first?.byteLength ?? 0);
  damaged[end - 1] = (damaged[end - 1] ?? 0) ^ 1;
  const scorer = scorerWith(sums([]));
  t.throws(() => scorer.score(request), { code: 'SCORELANE_DAMAGED_BATCH' });
  t.is(scoreOne(scorer, good).scored, 1, 'and the next task begins with nothing of it');
});
