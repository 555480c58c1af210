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
  return firstRows(tensor.dataSync() as OutputColumn, padded, rows);
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
