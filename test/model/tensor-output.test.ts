// What a runtime gives becomes the column of an output: doubles are floats, whole numbers of 64
// bits are doubles, whichever runtime it is.

import test from 'ava';
import { ModelError } from '../../src/model/model-error.ts';
import { outputTypeOf, outputValue } from '../../src/model/output-column.ts';
import { exactColumn } from '../../src/model/tensor-output.ts';

test('whole numbers of 64 bits are numbers in results, not text', (t) => {
  const column = exactColumn('class', BigInt64Array.of(1_000_003n, -1n, 2n ** 53n - 1n));
  t.is(outputTypeOf(column), 'integer');
  t.deepEqual(
    [0, 1, 2].map((index) => outputValue(column, index)),
    [1_000_003, -1, 2 ** 53 - 1],
  );
});

test('a whole number that no double has is refused, and not rounded', (t) => {
  t.throws(() => exactColumn('class', BigInt64Array.of(2n ** 53n)), {
    instanceOf: ModelError,
    message: /up to 2\^53 in the output "class", found 9007199254740992/,
  });
});

test('doubles are floats', (t) => {
  t.deepEqual(exactColumn('score', Float64Array.of(0.1)), Float32Array.of(0.1));
});
