// Categories, whole numbers, flags and text in the cells of a row: what goes in is what the model's
// tensors get, or the record is refused with the field, what was found and what was expected.

import test from 'ava';
import fc from 'fast-check';
import { compilePlan } from '../../src/features/plan.ts';
import { type PlanInput, planInput, type StatelessInput } from '../../src/features/spec.ts';
import { inputFor, type TensorType } from '../../src/features/tensor-type.ts';
import { tensorValues } from '../../src/model/cells.ts';
import { oneTensor, placeTensors } from '../../src/model/tensor-spec.ts';

const complainOf = (complaints: string[]) => (_: readonly PropertyKey[], message: string) =>
  void complaints.push(message);

/** The values of one tensor, of these records, or the first refusal's words. */
function valuesOf(type: TensorType, input: object, records: readonly object[], shape?: number[]): unknown {
  const complaints: string[] = [];
  const { tensors, inputs } = placeTensors(
    [{ name: 'x', type, shape, inputs: [planInput.parse(input)] }],
    complainOf(complaints),
  );
  if (complaints.length > 0) throw new Error(complaints.join('; '));
  const plan = compilePlan(inputs as StatelessInput[]);
  const rows = new Float32Array(records.length * plan.width).fill(Number.NaN);
  for (const [index, record] of records.entries()) {
    const refusal = plan.fill(record, rows, index * plan.width, 0);
    if (refusal !== null) return `${refusal.code}: ${refusal.message}`;
  }
  return [...(tensorValues(tensors, rows, records.length)[0] ?? [])];
}

const at = (...values: readonly unknown[]): object[] => values.map((value) => ({ a: value }));

test('whole numbers of 32 bits keep every bit, also those that float32 would round', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 20 }), (numbers) => {
      t.deepEqual(valuesOf('int32', { path: 'a' }, at(...numbers)), numbers);
    }),
  );
  t.deepEqual(
    valuesOf('int32', { path: 'a' }, at(16_777_217, -16_777_217, -1)),
    [16_777_217, -16_777_217, -1],
  );
});

test('what is no whole number of 32 bits is refused with the value', (t) => {
  const refusal = (value: unknown) => valuesOf('int32', { path: 'a' }, at(value));
  const expected = 'expected a whole number of 32 bits';
  t.is(refusal(1.5), `NOT_AN_INTEGER: field "a" is the number 1.5, ${expected}`);
  t.is(refusal(2 ** 31), `NOT_AN_INTEGER: field "a" is the number 2147483648, ${expected}`);
  t.is(refusal('7'), `NOT_AN_INTEGER: field "a" is the string "7", ${expected}`);
  t.is(refusal(undefined), 'MISSING_FIELD: field "a" is missing');
});

test('a vocabulary numbers its words from `first` on, and all others as `unknown`', (t) => {
  const list = { path: 'a', vocabulary: ['card', 'cash', 3] };
  t.deepEqual(valuesOf('int32', list, at('card', 'cash', 3, 'gold', '3')), [1, 2, 3, 0, 3]);
  const placed = { path: 'a', vocabulary: { values: ['x', 'y'], first: 10, unknown: 9 }, default: 'y' };
  t.deepEqual(valuesOf('int32', placed, at('x', null, 'z', undefined)), [10, 11, 9, 11]);
  t.deepEqual(valuesOf('float32', list, at('cash')), [2]);
  t.regex(String(valuesOf('int32', list, at([1]))), /^NOT_A_CATEGORY: field "a" is a list/);
  t.throws(() => planInput.parse({ path: 'a', vocabulary: ['x', 'x'] }), { message: /"x\\?" twice/ });
});

// https://keras.io/api/layers/preprocessing_layers/categorical/hashing/ shows these numbers.
test("hashing gives the bins of Keras' layer, with a mask and without", (t) => {
  const bins = { path: 'a', hashing: { bins: 3 } };
  t.deepEqual(valuesOf('int32', bins, at('A', 'B', 'C', 'D', 'E')), [1, 0, 1, 1, 2]);
  const masked = { path: 'a', hashing: { bins: 3, mask: '' } };
  t.deepEqual(valuesOf('int32', masked, at('A', 'B', '', 'C', 'D')), [1, 1, 0, 2, 2]);
});

test('tokens are the words of a text as TextVectorization numbers them, filled with 0', (t) => {
  const tokens = { vocabulary: { values: ['the', 'cat', 'sat'], first: 2, unknown: 1 }, count: 4 };
  const of = (more: object, text: string) =>
    valuesOf('int32', { path: 'a', tokens: { ...tokens, ...more } }, at(text));
  t.deepEqual(of({}, 'The cat, sat!'), [2, 3, 4, 0]);
  t.deepEqual(of({}, ' \tthe  DOG sat the\ncat'), [2, 1, 4, 2]);
  t.deepEqual(of({ standardize: 'none' }, 'The cat, sat'), [1, 1, 4, 0]);
  t.deepEqual(of({ standardize: 'lower' }, 'THE CAT.'), [2, 1, 0, 0]);
  t.deepEqual(of({}, ''), [0, 0, 0, 0]);
});

test('flags are true, false, 1 and 0; text is text, and numbers by their digits', (t) => {
  t.deepEqual(valuesOf('bool', { path: 'a' }, at(true, false, 1, 0)), [1, 0, 1, 0]);
  t.is(
    valuesOf('bool', { path: 'a' }, at(2)),
    'NOT_A_FLAG: field "a" is the number 2, expected true or false, or 1 or 0',
  );
  t.deepEqual(valuesOf('string', { path: 'a', default: '' }, at('x', 7, null, 'ü')), ['x', '7', '', 'ü']);
});

test('lists, and lists in lists, keep their order; others are refused with the lengths that were expected', (t) => {
  t.deepEqual(
    valuesOf(
      'int32',
      { path: 'a', shape: [2, 3] },
      at([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ),
    [1, 2, 3, 4, 5, 6],
  );
  t.deepEqual(valuesOf('float32', { path: 'a', shape: [2, 1, 2] }, at([[[1, 2]], [[3, 4]]])), [1, 2, 3, 4]);
  const nested = { path: 'a', shape: [2, 3] };
  const refusal = (input: object, value: unknown) => String(valuesOf('float32', input, at(value)));
  t.is(refusal(nested, [[1, 2, 3]]), 'WRONG_SHAPE: field "a" has 1 lists, expected 2');
  t.is(
    refusal(nested, [
      [1, 2, 3],
      [4, 5],
    ]),
    'WRONG_SHAPE: field "a.1" has 2 numbers, expected 3',
  );
  t.is(refusal(nested, [1, 2, 3, 4, 5, 6]), 'WRONG_SHAPE: field "a" has 6 numbers, expected 2 lists');
  t.is(refusal(nested, 7), 'WRONG_SHAPE: field "a" is the number 7, expected a list of 2 lists of 3 numbers');
  t.is(
    refusal({ path: 'a', count: 6 }, [
      [1, 2, 3],
      [4, 5, 6],
    ]),
    'WRONG_SHAPE: field "a" has 2 lists, expected 6 numbers; for lists in lists give their lengths as shape in model.yaml',
  );
  t.is(
    refusal(nested, [
      [1, 2, 'x'],
      [4, 5, 6],
    ]),
    'NOT_A_NUMBER: field "a.0.2" is the string "x", expected a number',
  );
});

test('an input that cannot fill a tensor is refused when model.yaml is read', (t) => {
  const complaint = (type: TensorType, input: object): string => {
    const found: string[] = [];
    inputFor(type, planInput.parse(input) as PlanInput, (message) => found.push(message));
    return found.join('; ');
  };
  t.regex(complaint('int32', { path: 'a', mean: 1 }), /expected no scaling for a tensor of int32/);
  t.regex(
    complaint('int32', { path: 'a', minus: 'b' }),
    /expected an input that can fill a tensor of int32, found difference of a/,
  );
  t.regex(complaint('string', { path: 'a', oneOf: ['x'] }), /found oneHot of a, which gives whole numbers/);
  t.regex(
    complaint('float32', { path: 'a', hashing: { bins: 2 ** 25 } }),
    /float32 would round it; put .* int32/,
  );
  t.regex(complaint('float32', { path: 'a', default: 'x' }), /expected a number as default/);
  t.is(complaint('int32', { time: 'weekday' }), '');
});

test('tensors lie side by side in a row, and each gets its own columns', (t) => {
  const complaints: string[] = [];
  const inputs = (...given: readonly object[]) => given.map((input) => planInput.parse(input));
  const placed = placeTensors(
    [
      { name: 'f', type: 'float32', inputs: inputs({ path: 'x' }, { path: 'y' }) },
      { name: 'i', type: 'int32', shape: [], inputs: inputs({ path: 'n' }) },
      { name: 's', type: 'string', inputs: inputs({ path: 't' }) },
      { name: 'b', type: 'bool', inputs: inputs({ path: 'x', oneOf: [1, 2] }) },
    ],
    complainOf(complaints),
  );
  t.deepEqual(complaints, []);
  const plan = compilePlan(placed.inputs as StatelessInput[]);
  const rows = new Float32Array(2 * plan.width);
  t.is(plan.fill({ x: 1, y: 2, n: 2 ** 30 + 1, t: 'one' }, rows, 0, 0), null);
  t.is(plan.fill({ x: 2, y: 4, n: -1, t: 'two' }, rows, plan.width, 0), null);
  const values = tensorValues(placed.tensors, rows, 2, 3).map((each) => [...each]);
  // The third row repeats the first.
  t.deepEqual(values, [
    [1, 2, 2, 4, 1, 2],
    [2 ** 30 + 1, -1, 2 ** 30 + 1],
    ['one', 'two', 'one'],
    [1, 0, 0, 1, 1, 0],
  ]);
  t.deepEqual(
    placed.tensors.map(({ shape }) => shape),
    [[2], [], [1], [2]],
  );
});

test('one tensor of floats is not copied', (t) => {
  const { tensors } = oneTensor([planInput.parse({ path: 'a' })], () => {});
  const rows = Float32Array.of(1, 2, 3);
  t.is((tensorValues(tensors, rows, 2)[0] as Float32Array).buffer, rows.buffer);
});
