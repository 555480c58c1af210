// A version beside scores the rows that another one has read. Both answer to the byte what they
// answer alone: results and dead letters, whatever the model of one of them does.

import test from 'ava';
import type { Predictor } from '../../src/model/predictor.ts';
import { merge } from '../../src/scoring/merge.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { microBatchOf, outputsOf, transactions } from '../support/model.ts';
import { plan, readerOf, requestFor, scorerWith, sums } from '../support/scorer.ts';

const RECORDS = transactions(100).map((value, index) => ({
  key: `k${index}`,
  value: index % 9 === 4 ? Buffer.from([0xc1]) : value,
}));
const LANES = [RECORDS.slice(0, 37), RECORDS.slice(37, 38), RECORDS.slice(38)].map((records, partition) => ({
  ...microBatchOf(records, 'msgpack', 100),
  partition,
}));

/** Throws for some rows, and gives NaN for others. */
const capricious: Predictor = {
  ...sums([]),
  predict(features, rows) {
    const first = Array.from({ length: rows }, (_, row) => features[row * plan.width] as number);
    if (first.some((value) => value > 1.5)) throw new Error('too much');
    return [Float32Array.from(first, (value) => (Math.round(1_000 * value) % 5 === 0 ? Number.NaN : value))];
  },
};

/** All of an outcome but the times. */
const answersOf = (outcome: Outcome) => {
  const { scored, deadLetters, skipped, deadLetterCodes, deadLetterOffsets, refusal } = outcome;
  return {
    counts: { scored, deadLetters, skipped, deadLetterCodes, deadLetterOffsets, refusal },
    outputs: outputsOf(outcome).map((record) => JSON.stringify(record)),
  };
};

test('both versions answer what each answers alone, in tasks of several lanes and several chunks', (t) => {
  const reader = readerOf();
  const candidate = () => scorerWith(sums([], 50), {}, () => {}, reader);
  const baseline = () => scorerWith(capricious, {}, () => {}, reader);
  const [alone, otherAlone] = [candidate(), baseline()].map((scorer) => scorer.score(requestFor(...LANES)));
  const both = candidate().score(requestFor(...LANES), [], baseline());
  t.deepEqual(both.map(answersOf), alone?.map(answersOf));
  t.deepEqual(
    both.map(({ beside }) => answersOf(beside as Outcome)),
    otherAlone?.map(answersOf),
  );
  const codes = otherAlone?.flatMap(({ deadLetterCodes }) => Object.keys(deadLetterCodes)) ?? [];
  t.deepEqual([...new Set(codes)].sort(), ['PREDICT_FAILED', 'SCORE_NOT_FINITE', 'UNDECODABLE']);
});

test('rows are read once', (t) => {
  const own = readerOf();
  let read = 0;
  const reader = new Proxy(own, {
    get(target, name) {
      if (name === 'read') read++;
      const found = Reflect.get(target, name, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  const pipelines = [0, 1].map(() => scorerWith(sums([]), {}, () => {}, reader));
  pipelines[0]?.score(requestFor(...LANES), [], pipelines[1]);
  t.is(read, RECORDS.length);
});

test('a version that reads otherwise is refused', (t) => {
  t.throws(() => scorerWith(sums([])).score(requestFor(...LANES), [], scorerWith(sums([]))), {
    message: /does not read records as the one that serves/,
  });
});

test('a task that fails leaves nothing of either version for the next one', (t) => {
  const reader = readerOf();
  const [one, other] = [0, 1].map(() => scorerWith(sums([]), {}, () => {}, reader));
  const request = requestFor(...LANES);
  new Uint8Array(request.bytes)[(request.parts[0]?.byteLength ?? 0) + 16] = 9;
  t.throws(() => one?.score(request, [], other), { message: /.+/ });
  const again = one?.score(requestFor(...LANES.slice(1, 2)), [], other) ?? [];
  t.is(again[0]?.scored, 1);
  t.is(outputsOf(again[0] as Outcome).length, 1);
  t.is(outputsOf(again[0]?.beside as Outcome).length, 1);
});

test('outcomes of two pieces are put together for both versions', (t) => {
  const reader = readerOf();
  const [one, other] = [0, 1].map(() => scorerWith(sums([]), {}, () => {}, reader));
  const [left, , right] = one?.score(requestFor(...LANES), [], other) ?? [];
  const { beside } = merge(left as Outcome, right as Outcome);
  t.is(beside?.scored, (left?.beside?.scored ?? 0) + (right?.beside?.scored ?? 0));
  t.is(beside?.outputs.length, (left?.beside?.outputs.length ?? 0) + (right?.beside?.outputs.length ?? 0));
});
