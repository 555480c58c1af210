// From rows of cells to the typed arrays of a model's input tensors.

import { texts } from '../features/texts.ts';
import type { TensorSpec } from './tensor-spec.ts';

/** Floats, whole numbers, flags or texts, of all rows one after the other. */
export type TensorValues = Float32Array | Int32Array | Uint8Array | string[];

/**
 * The values of each tensor, `padded` rows of them: `rows` from `features`, the others repeat the
 * first row, or are zeros where all is one tensor of floats. That one is not copied without need.
 * Throws `RangeError` if there are fewer features.
 */
export function tensorValues(
  tensors: readonly TensorSpec[],
  features: Float32Array,
  rows: number,
  padded = rows,
): readonly TensorValues[] {
  const width = tensors.reduce((sum, tensor) => sum + tensor.width, 0);
  if (features.length < rows * width)
    throw new RangeError(`expected ${rows} rows of ${width}, found ${features.length} features`);
  const [only] = tensors;
  if (tensors.length === 1 && only?.type === 'float32')
    return [padTo(features, rows * width, padded * width)];
  const ints = new Int32Array(features.buffer, features.byteOffset, features.length);
  return tensors.map((tensor) => valuesOf(tensor, features, ints, width, rows, padded));
}

function padTo(values: Float32Array, used: number, wanted: number): Float32Array {
  if (used === wanted) return values.subarray(0, used);
  const padded = new Float32Array(wanted);
  padded.set(values.subarray(0, used));
  return padded;
}

function valuesOf(
  { type, column, width }: TensorSpec,
  floats: Float32Array,
  ints: Int32Array,
  rowWidth: number,
  rows: number,
  padded: number,
): TensorValues {
  const count = padded * width;
  const target =
    type === 'float32'
      ? new Float32Array(count)
      : type === 'int32'
        ? new Int32Array(count)
        : type === 'bool'
          ? new Uint8Array(count)
          : new Array<string>(count);
  for (let row = 0, to = 0; row < padded; row++) {
    const from = (row < rows ? row : 0) * rowWidth + column;
    if (type === 'float32')
      for (let cell = 0; cell < width; cell++) target[to++] = floats[from + cell] as number;
    else if (type === 'string')
      for (let cell = 0; cell < width; cell++) target[to++] = texts.at(ints[from + cell] as number);
    else for (let cell = 0; cell < width; cell++) target[to++] = ints[from + cell] as number;
  }
  return target;
}

/** The rows as numbers, for people who look at the features; null where some of them are text. */
export function rowsAsNumbers(
  tensors: readonly TensorSpec[],
): ((features: Float32Array) => Float32Array | Float64Array) | null {
  if (tensors.some(({ type }) => type === 'string')) return null;
  if (tensors.every(({ type }) => type === 'float32')) return (features) => features;
  const isFloat = tensors.flatMap(({ type, width }) =>
    Array.from({ length: width }, () => type === 'float32'),
  );
  return (features) => {
    const ints = new Int32Array(features.buffer, features.byteOffset, features.length);
    return Float64Array.from(features, (value, index) =>
      isFloat[index % isFloat.length] === true ? value : (ints[index] as number),
    );
  };
}
