// Which fields of the records fill the inputs of a model, as an import guesses them.

import test from 'ava';
import type { ExportedTensor } from '../../src/importing/exported.ts';
import { guessInputs } from '../../src/importing/guess.ts';
import { fieldsIn } from '../../src/importing/sample-fields.ts';
import type { SampleRecord } from '../../src/importing/samples.ts';
import { ModelError } from '../../src/model/model-error.ts';

const floats = (name: string, ...shape: number[]): ExportedTensor => ({ name, type: 'float32', shape });
const ids = (name: string): ExportedTensor => ({ name, type: 'int32', shape: [] });

const guessed = (tensors: readonly ExportedTensor[], ...samples: readonly SampleRecord[]) =>
  guessInputs(tensors, samples.length === 0 ? null : fieldsIn(samples)).map(({ entries }) => entries);

test('a list whose name or length is that of the input fills it, nested ones with their shape', (t) => {
  t.deepEqual(
    guessed([floats('steps', 2, 3)], {
      steps: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    }),
    [[{ path: 'steps', shape: [2, 3] }]],
  );
  t.deepEqual(guessed([floats('x', 3)], { id: 1, embedding: [1, 2, 3], other: [1] }), [
    [{ path: 'embedding', count: 3 }],
  ]);
  t.deepEqual(guessed([floats('steps', 2, 3)], { steps: [1, 2, 3, 4, 5, 6] }), [
    [{ path: 'steps', count: 6 }],
  ]);
});

test('a field of the name of the input that cannot fill it is told, and no other is taken in its place', (t) => {
  const error = t.throws(() => guessed([ids('country')], { id: 7, country: 'DE' }), {
    instanceOf: ModelError,
  });
  t.regex(
    error?.message ?? '',
    /expected a field for the input "country" \(int32 \[records\]\), found "country", which is text; say what fills it .*--inputs FILE/,
  );
});

test('single numbers fill the columns of the input in their order, without labels, ids and times', (t) => {
  const record = { id: 1, timestamp: 5, V1: 1, V2: 2.5, card: { age: 3 }, Class: 0, country: 'DE' };
  t.deepEqual(guessed([floats('input', 3)], record), [
    [{ path: 'V1' }, { path: 'V2' }, { path: 'card.age' }],
  ]);
  t.deepEqual(guessed([floats('input', 4)], record), [
    [{ path: 'timestamp' }, { path: 'V1' }, { path: 'V2' }, { path: 'card.age' }],
  ]);
});

test('names go first, whatever their case and dashes; then whole numbers and text; floats get the rest', (t) => {
  const record = { amount: 1.5, hour: 3, 'user-id': 7, item: 8, colour: 'red' };
  const text: ExportedTensor = { name: 'words', type: 'string', shape: [] };
  t.deepEqual(guessed([floats('input', 2), ids('item'), ids('UserId'), text], record), [
    [{ path: 'amount' }, { path: 'hour' }],
    [{ path: 'item' }],
    [{ path: 'user-id' }],
    [{ path: 'colour' }],
  ]);
});

test('without samples the fields are named as the inputs are', (t) => {
  t.deepEqual(
    guessed([floats('amounts', 3), floats('rate', 1), ids('item'), floats('keras_tensor_16', 2, 2)]),
    [
      [{ path: 'amounts', count: 3 }],
      [{ path: 'rate' }],
      [{ path: 'item' }],
      [{ path: 'features', shape: [2, 2] }],
    ],
  );
});

test('a field that is missing in some records counts, one of several kinds does not', (t) => {
  const fields = fieldsIn([{ a: 1, b: 1 }, { a: 2.5, c: true }, { b: 'x' }]);
  t.deepEqual(fields, [
    { path: 'a', kind: 'number', shape: [], isWhole: false },
    { path: 'c', kind: 'flag', shape: [], isWhole: true },
  ]);
});

test('samples that do not fit name what is there, what was expected and the way out', (t) => {
  const error = t.throws(() => guessed([floats('input', 30)], { a: 1, b: 'x', c: [1, 2] }));
  t.regex(
    error.message,
    /^the samples: expected 30 numeric fields for the input "input" \(float32 \[records, 30\]\)/,
  );
  t.regex(error.message, /, found a \(number\), b \(text\), c \(list of \[2\]\); .* --inputs FILE$/);
});
