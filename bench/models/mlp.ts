// The models of the bench: multilayer perceptrons with seeded random weights, ReLU inside and a
// sigmoid at the end. What they predict means nothing; how much there is to compute is all that
// counts. Named by their layers: mlp-30-64-32-1.

import { Random } from '../../src/load/random.ts';

export interface Layer {
  readonly name: string;
  /** [inputs, outputs], row by row. */
  readonly kernel: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Mlp {
  readonly name: string;
  readonly width: number;
  readonly layers: readonly Layer[];
}

/** Versions of a model differ in their weights only. */
const VERSION_STEP = 1_000_003;

/**
 * `name` is `mlp-` and the sizes of the layers, the input first and 1 last. Throws `RangeError` for
 * any other.
 */
export function mlp(name: string, version = 1): Mlp {
  const sizes = name.startsWith('mlp-') ? name.slice(4).split('-').map(Number) : [];
  if (sizes.length < 2 || sizes.at(-1) !== 1 || !sizes.every((size) => size > 0)) {
    throw new RangeError(`"${name}" is not a model of the bench; expected a name like mlp-30-64-32-1`);
  }
  const random = new Random(sizes.reduce((sum, size) => sum * 31 + size, 7) + (version - 1) * VERSION_STEP);
  const layers = sizes.slice(1).map((outputs, index): Layer => {
    const inputs = sizes[index] as number;
    const scale = Math.sqrt(2 / inputs);
    return {
      name: `dense_${index}`,
      kernel: Float32Array.from({ length: inputs * outputs }, () => random.normal() * scale),
      bias: Float32Array.from({ length: outputs }, () => random.normal() * 0.1),
      inputs,
      outputs,
    };
  });
  return { name, width: sizes[0] as number, layers };
}

/**
 * The score of one row of features, in double precision: the reference that scores are checked
 * against.
 */
export function forward({ layers }: Mlp, features: ArrayLike<number>): number {
  let activations = features;
  layers.forEach(({ kernel, bias, inputs, outputs }, index) => {
    const sums = Float64Array.from(bias);
    for (let from = 0; from < inputs; from++) {
      const value = activations[from] as number;
      for (let to = 0; to < outputs; to++)
        sums[to] = (sums[to] as number) + value * (kernel[from * outputs + to] as number);
    }
    const isLast = index === layers.length - 1;
    activations = isLast ? sums : sums.map((sum) => Math.max(0, sum));
  });
  return 1 / (1 + Math.exp(-(activations[0] as number)));
}
