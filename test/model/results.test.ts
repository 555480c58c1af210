// What results are derived from outputs: the same as the plainest computation gives.

import test from 'ava';
import fc from 'fast-check';
import type { ModelManifest, ModelOutput } from '../../src/model/manifest.ts';
import type { OutputColumn, Predictor } from '../../src/model/predictor.ts';
import { asResults, resultFields } from '../../src/model/result-columns.ts';
import { derivedResult } from '../../src/model/results-spec.ts';

const output = (as: string, more: Partial<ModelOutput> = {}): ModelOutput => ({
  name: as,
  as,
  type: 'float',
  ...more,
});

/** The columns of results, from outputs of `count` rows. */
function derived(
  outputs: readonly ModelOutput[],
  results: readonly object[],
  columns: readonly OutputColumn[],
  count: number,
  features = new Float32Array(0),
  width = 0,
): OutputColumn[] {
  const manifest = {
    outputs,
    results: results.map((result) => derivedResult.parse(result)),
    tensors: [{ name: null, type: 'float32', shape: [width], column: 0, width }],
  } as unknown as ModelManifest;
  const predictor: Predictor = {
    backend: 'cpu',
    runtime: 'test',
    predict: () => [...columns],
    tensorCount: () => 0,
    dispose: () => {},
  };
  return asResults(predictor, manifest, false, []).predict(features, count);
}

const ROWS = 3;
const rowsOf = (values: Float32Array, width: number): number[][] =>
  Array.from({ length: ROWS }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]);

test('argmax and top agree with sorting, for any values', (t) => {
  const matrix = fc.integer({ min: 1, max: 8 }).chain((width) =>
    fc.record({
      values: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: ROWS * width, maxLength: ROWS * width }),
      k: fc.integer({ min: 1, max: width }),
    }),
  );
  fc.assert(
    fc.property(matrix, ({ values: numbers, k }) => {
      const values = Float32Array.from(numbers);
      const width = values.length / ROWS;
      const sorted = rowsOf(values, width).map((row) =>
        row.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value || a.index - b.index),
      );
      const labels = Array.from({ length: width }, (_, index) => `label ${index}`);
      const [, best, label, top, names, scores] = derived(
        [output('p')],
        [
          { as: 'best', argmax: 'p' },
          { as: 'label', argmax: 'p', labels },
          { as: 'top', top: 'p', k },
          { as: 'names', top: 'p', k, labels, scoresAs: 'scores' },
        ],
        [values],
        ROWS,
      );
      const firsts = sorted.map(([first]) => first?.index);
      const wanted = sorted.flatMap((row) => row.slice(0, k));
      t.deepEqual([...(best ?? [])], firsts as number[]);
      t.deepEqual(
        label,
        firsts.map((index) => `label ${index}`),
      );
      t.deepEqual(
        [...(top ?? [])],
        wanted.map(({ index }) => index),
      );
      t.deepEqual(
        names,
        wanted.map(({ index }) => `label ${index}`),
      );
      t.deepEqual(
        [...(scores ?? [])],
        wanted.map(({ value }) => value),
      );
    }),
  );
});

test('a result may be derived from the scores of the top', (t) => {
  const [, , scores, call] = derived(
    [output('p')],
    [
      { as: 'top', top: 'p', k: 2, scoresAs: 'scores' },
      { as: 'sure', threshold: 'scores', above: 0.5 },
    ],
    [Float32Array.of(0.1, 0.9, 0.6, 0.2, 0.3, 0.4)],
    2,
  );
  t.deepEqual(scores, Float32Array.of(0.9, 0.6, 0.4, 0.3));
  t.deepEqual(call, Uint8Array.of(1, 1, 0, 0));
});

test('a threshold is a flag, or one of two words; the bound itself is not above', (t) => {
  const scores = Float32Array.of(0.25, 0.5, 0.75);
  const [, flag, word] = derived(
    [output('score')],
    [
      { as: 'fraud', threshold: 'score', above: 0.5 },
      { as: 'decision', threshold: 'score', above: 0.5, yes: 'review', no: 'pass' },
    ],
    [scores],
    ROWS,
  );
  t.deepEqual(flag, Uint8Array.of(0, 0, 1));
  t.deepEqual(word, ['pass', 'pass', 'review']);
});

test('the reconstruction error is the mean difference of what came out and what went in', (t) => {
  const [, squared, absolute] = derived(
    [output('again')],
    [
      { as: 'error', reconstructionError: 'again' },
      { as: 'distance', reconstructionError: 'again', measure: 'absolute' },
    ],
    [Float32Array.of(1, 2, 3, 4)],
    2,
    Float32Array.of(0, 0, 3, 6),
    2,
  );
  t.deepEqual(squared, Float32Array.of(2.5, 2));
  t.deepEqual(absolute, Float32Array.of(1.5, 1));
});

test('rescaling and calibration follow their formulas, one result after the other', (t) => {
  const [, price, sure, table, call] = derived(
    [output('x')],
    [
      { as: 'price', rescale: 'x', factor: 2, offset: 1, expm1: true },
      { as: 'sure', calibrate: 'x', platt: { a: -2, b: 1 } },
      {
        as: 'table',
        calibrate: 'x',
        isotonic: [
          [0, 0.1],
          [0.5, 0.3],
          [1, 0.9],
        ],
      },
      { as: 'call', threshold: 'table', above: 0.5 },
    ],
    [Float32Array.of(-1, 0.25, 0.75)],
    ROWS,
  );
  t.deepEqual(
    price,
    Float32Array.from([-1, 1.5, 2.5], (value) => Math.expm1(value)),
  );
  t.deepEqual(
    sure,
    Float32Array.from([-1, 0.25, 0.75], (x) => 1 / (1 + Math.exp(-2 * x + 1))),
  );
  t.deepEqual(table, Float32Array.of(0.1, 0.2, 0.6));
  t.deepEqual(call, Uint8Array.of(0, 0, 1));
});

test('a hidden output is no field, and stands behind all fields so that NaN in it is seen', (t) => {
  const outputs = [output('scores', { hidden: true }), output('other')];
  const results = [{ as: 'best', argmax: 'scores' }];
  const columns = derived(outputs, results, [Float32Array.of(1, Number.NaN), Float32Array.of(7)], 1);
  t.deepEqual(columns.slice(0, 2), [Float32Array.of(7), Int32Array.of(0)]);
  t.true(Number.isNaN(columns[2]?.[1]));
  const golden = [{ record: {}, outputs: { scores: [1, 2], other: [3] }, timestampMs: 0 }];
  t.deepEqual(
    resultFields({ outputs, results: results.map((result) => derivedResult.parse(result)) }, golden),
    [
      { name: 'other', type: 'float', isList: false },
      { name: 'best', type: 'integer', isList: false },
    ],
  );
});

test('labels that are too few, k that is too large, and whole numbers are refused in words', (t) => {
  const values = [Float32Array.of(1, 2, 3)];
  const refused = (result: object, column: OutputColumn = values[0] as Float32Array) =>
    t.throws(() => derived([output('p')], [result], [column], 1))?.message;
  t.is(
    refused({ as: 'x', argmax: 'p', labels: ['a', 'b'] }),
    'results: expected 3 labels for argmax, as many as its output has values, found 2',
  );
  t.is(refused({ as: 'x', top: 'p', k: 4 }), 'results: expected k of at most 3, the values of "p", found 4');
  t.regex(refused({ as: 'x', argmax: 'p' }, Int32Array.of(1)) ?? '', /expected floats in "p"/);
});
