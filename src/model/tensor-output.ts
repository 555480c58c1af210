// From the tensor of an output to its column.

import type { Tensor } from '@tensorflow/tfjs-core';
import { didYouMean } from '../written/nearest.ts';
import type { ModelOutput } from './manifest.ts';
import { ModelError } from './model-error.ts';
import type { OutputColumn } from './predictor.ts';

/** Throws `ModelError` for an output of model.yaml that the model does not have. */
export function refuseMissingOutputs(
  where: string,
  outputs: readonly ModelOutput[],
  there: readonly string[],
): void {
  const missing = outputs.find(({ name }) => !there.includes(name));
  if (missing === undefined) return;
  const { name } = missing;
  throw new ModelError(
    `${where} has no output "${name}"; it has: ${there.join(', ') || 'none in its signature'}${didYouMean(name, there)}`,
  );
}

/**
 * The first `rows` of the `padded` rows of an output. Throws `ModelError` for a tensor that has no
 * row for each record.
 */
export function columnOf(
  where: string,
  name: string,
  tensor: Tensor,
  padded: number,
  rows = padded,
): OutputColumn {
  refuseOtherRows(where, name, tensor.shape, padded);
  return firstRows(exactColumn(name, tensor.dataSync() as RuntimeValues), padded, rows);
}

/** Throws `ModelError` for an output of this shape if it has no row for each record. */
export function refuseOtherRows(where: string, name: string, shape: readonly number[], rows: number): void {
  if (shape[0] !== rows)
    throw new ModelError(
      `${where}: expected a row for each record in the output "${name}", ${rows} of them here, found the ` +
        `shape [${shape.join(', ')}]`,
    );
}

export function firstRows(values: OutputColumn, padded: number, rows: number): OutputColumn {
  const used = (values.length / padded) * rows;
  return used === values.length
    ? values
    : Array.isArray(values)
      ? values.slice(0, used)
      : (values as Float32Array).subarray(0, used);
}

/** What a runtime gives: also doubles, and whole numbers of 64 bits. */
export type RuntimeValues = OutputColumn | BigInt64Array;

/**
 * Doubles as floats, and whole numbers of 64 bits as doubles. Throws `ModelError` for a whole
 * number that no double has.
 */
export function exactColumn(name: string, values: RuntimeValues): OutputColumn {
  if (values instanceof Float64Array) return Float32Array.from(values);
  if (!(values instanceof BigInt64Array)) return values;
  return Float64Array.from(values, (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new ModelError(
      `expected whole numbers up to 2^53 in the output "${name}", found ${value}: let the model give text, or a smaller number`,
    );
  });
}
