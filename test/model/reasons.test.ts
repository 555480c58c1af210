// Reasons: the inputs without which a score would be lower, as the plainest computation finds them.

import test from 'ava';
import fc from 'fast-check';
import { planInput } from '../../src/features/spec.ts';
import { type Explaining, medians, namedInputs, reasonsFor } from '../../src/model/reasons.ts';
import { derivedResult } from '../../src/model/results-spec.ts';
import { until } from '../support/until.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

const reasonsOf = (more: object) =>
  derivedResult.parse({ as: 'why', reasons: 'score', ...more }) as Parameters<typeof reasonsFor>[0];

/** The sum of the products: what an input adds is what leaving it out takes away. */
const linear = (weights: readonly number[], usual: readonly number[]): Explaining & { calls: number[] } => {
  const calls: number[] = [];
  return {
    calls,
    output: 0,
    inputs: weights.map((_, column) => ({ name: `x${column}`, column, width: 1 })),
    usual: Float32Array.from(usual),
    predictor: {
      predict(rows, count) {
        calls.push(count);
        return [scoresOf(weights, rows)];
      },
    },
  };
};
const scoresOf = (weights: readonly number[], rows: Float32Array): Float32Array =>
  Float32Array.from({ length: rows.length / weights.length }, (_, row) =>
    weights.reduce(
      (sum, weight, column) => sum + weight * (rows[row * weights.length + column] as number),
      0,
    ),
  );

test('of a sum, the reasons are its largest terms, whatever the numbers', (t) => {
  const whole = fc.integer({ min: -9, max: 9 });
  const WIDTH = 5;
  const numbers = (length: number) => fc.array(whole, { minLength: length, maxLength: length });
  fc.assert(
    fc.property(
      numbers(WIDTH),
      numbers(WIDTH),
      numbers(3 * WIDTH),
      fc.integer({ min: 1, max: 7 }),
      whole,
      (weights, usual, values, k, above) => {
        const rows = Float32Array.from(values);
        const scores = scoresOf(weights, rows);
        const { names, effects } = reasonsFor(reasonsOf({ k, above }), linear(weights, usual), scores, rows);
        for (let row = 0; row < 3; row++) {
          const terms = weights
            .map((weight, column) => ({
              name: `x${column}`,
              effect: weight * ((rows[row * WIDTH + column] as number) - (usual[column] as number)),
            }))
            .filter(({ effect }) => effect > 0 && (scores[row] as number) > above)
            .sort((one, other) => other.effect - one.effect)
            .slice(0, k);
          const padded = Array.from({ length: k }, (_, place) => terms[place] ?? { name: '', effect: 0 });
          t.deepEqual(
            names.slice(row * k, (row + 1) * k),
            padded.map(({ name }) => name),
          );
          t.deepEqual(
            [...effects.subarray(row * k, (row + 1) * k)],
            padded.map(({ effect }) => effect),
          );
        }
      },
    ),
  );
});

test('one call has the rows of all scores past the bound, and none is made without them; many come in calls of a bounded size', (t) => {
  const model = linear([1, 2], [0, 0]);
  const rows = Float32Array.from([1, 1, 9, 9, 5, 5]);
  reasonsFor(reasonsOf({ above: 10 }), model, scoresOf([1, 2], rows), rows);
  t.deepEqual(model.calls, [4]);
  reasonsFor(reasonsOf({ above: 100 }), model, scoresOf([1, 2], rows), rows);
  t.deepEqual(model.calls, [4]);
  const many = new Float32Array(2 * 5_000).fill(1);
  reasonsFor(reasonsOf({}), model, scoresOf([1, 2], many), many);
  t.deepEqual(model.calls.slice(1), [4_096, 4_096, 1_808]);
});

test('inputs of several columns are left out as a whole, under the name that model.yaml gives them', (t) => {
  const inputs = [
    { path: 'amount' },
    { path: 'country', oneOf: ['A', 'B'] },
    { path: 'amount', minus: 'limit' },
    { window: { function: 'sum', by: 'card', of: 'amount', size: '1h' } },
  ].map((input) => planInput.parse(input));
  t.deepEqual(
    namedInputs(inputs).map(({ name, column, width }) => [name, column, width]),
    [
      ['amount', 0, 1],
      ['country', 1, 2],
      ['amount - limit', 3, 1],
      ['sum(amount) by card over 60 min', 4, 1],
    ],
  );
});

test('what is usual is the median of each column', (t) => {
  t.deepEqual([...medians(Float32Array.from([1, 10, 5, 30, 3, 20]), 2)], [3, 20]);
});

test('a daemon writes reasons into the results past the bound, and leaves the scores as they are', async (t) => {
  const repository = new VersionsRepository();
  const inputs = '\n  - { path: amount, log1p: true }\n  - { path: at, mean: 1767225600000, std: 3600000 }';
  repository.add('1', { inputs, windows: '{}' });
  repository.add('2', {
    ...{ inputs, windows: '{}' },
    more: 'results:\n  - { as: why, reasons: score, k: 2, above: 0.3, effectsAs: effects }\n',
  });
  const served = await serving(repository, 1);
  t.teardown(() => served.daemon.stop());
  const records = Array.from({ length: 40 }, (_, id) => ({
    id,
    amount: id * id,
    at: 1_767_225_600_000 + 3_600_000 * (id % 24),
  }));
  await served.send(0, records);
  await until('all scores', () => served.results().length === records.length);
  const wanted = repository.scoresOf('2', records);
  for (const [id, result] of served.results().entries()) {
    const { score, why, effects } = result as unknown as { score: number; why: string[]; effects: number[] };
    t.true(Math.abs(score - (wanted[id] as number)) < 1e-6);
    t.is(why.length, 2);
    t.deepEqual(
      effects.map((effect) => effect > 0),
      why.map((name) => name !== ''),
    );
    if (score <= 0.3) t.deepEqual(why, ['', '']);
    for (const name of why) t.true(['', 'amount', 'at'].includes(name));
  }
  t.true(served.results().some((result) => (result as unknown as { why: string[] }).why[0] !== ''));
});
