// A plain chain of dense layers, computed by the backend's own kernels one after the other. For a
// few rows TensorFlow.js spends ten times as long around its kernels as in them: it looks up the
// execution order, tracks each tensor and each scope, and checks types again. The kernels here are
// the same and get the same shapes, so the scores are the same to the bit. Who loads a model
// compares both (`agrees`) before the chain is used.

import type * as Core from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { OutputColumn, Predictor } from './predictor.ts';
import type { WebDocument } from './web-files.ts';

type TensorFlow = Pick<typeof Core, 'findBackend' | 'getKernel'>;
type Weights = Readonly<Record<string, readonly Core.Tensor[]>>;

export interface KernelChain {
  /** As `Predictor.predict`. */
  predict(features: Float32Array, rows: number): Float32Array[];
}

interface ChainParts {
  readonly tf: TensorFlow;
  readonly backend: string;
  readonly document: WebDocument;
  readonly weights: Weights;
  /** The nodes of the graph that take the rows, and that give the outputs. */
  readonly input: string;
  readonly outputs: readonly string[];
  readonly width: number;
}

/** Something that has a row of so many floats for each row of the input. */
interface Value {
  readonly slot: number;
  readonly width: number;
}

interface Step {
  /** Computes a value for so many rows from those that are there. */
  run(dataIds: readonly Core.DataId[], rows: number): Core.DataId;
}

const attributes = z.looseObject({
  T: z.object({ type: z.literal('DT_FLOAT') }),
  transpose_a: z.object({ b: z.literal(false) }).optional(),
  transpose_b: z.object({ b: z.literal(false) }).optional(),
  fused_ops: z.object({ list: z.object({ s: z.array(z.base64()) }) }).optional(),
});
const input = z.looseObject({
  op: z.literal('Placeholder'),
  attr: z.looseObject({
    dtype: z.object({ type: z.literal('DT_FLOAT') }),
    shape: z.object({ shape: z.object({ dim: z.array(z.object({ size: z.coerce.number() })).length(2) }) }),
  }),
});
const layer = z.looseObject({
  op: z.enum(['_FusedMatMul', 'Relu', 'Sigmoid', 'Tanh']),
  input: z.array(z.string()),
  attr: attributes,
});

/** What is fused behind a bias, as the graph and as the kernel names it. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  '': 'linear',
  Relu: 'relu',
  Relu6: 'relu6',
  Sigmoid: 'sigmoid',
};

/** Null for a graph that is anything else. */
export function chainOf(parts: ChainParts): KernelChain | null {
  const builder = new ChainBuilder(parts);
  const values = parts.outputs.map((name) => builder.value(name));
  return values.every((value) => value !== null) ? builder.chain(values) : null;
}

/** Whether it gives what `predict` gives, to the bit, for any number of rows up to some. */
export function agrees(
  chain: KernelChain,
  predict: Predictor['predict'],
  width: number,
  rowCounts: readonly number[] = [1, 2, 3, 8, 21],
): boolean {
  return rowCounts.every((rows) => {
    // Both signs, small and large.
    const features = Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at + 1) * 2 ** (at % 5));
    const [ours, theirs] = [chain.predict(features, rows), predict(features, rows)];
    return ours.every((column, index) => sameBits(column, theirs[index]));
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
const sameBits = (left: Float32Array, right: OutputColumn | undefined): boolean =>
  right instanceof Float32Array && bytesOf(left).equals(bytesOf(right));

class ChainBuilder {
  readonly #parts: ChainParts;
  readonly #nodes: ReadonlyMap<string, unknown>;
  readonly #known = new Map<string, Value | null>();
  readonly #steps: Step[] = [];

  constructor(parts: ChainParts) {
    this.#parts = parts;
    const { node = [] } = parts.document.modelTopology as { readonly node?: readonly { name: string }[] };
    this.#nodes = new Map(node.map((each) => [each.name, each]));
  }

  /** Null where it is no value of a chain. */
  value(reference: string): Value | null {
    const name = nameOf(reference);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // A graph with a circle is none.
    this.#known.set(name, null);
    const value = name === nameOf(this.#parts.input) ? this.#input(name) : this.#layer(name);
    this.#known.set(name, value);
    return value;
  }

  chain(outputs: readonly Value[]): KernelChain {
    const { tf, backend: name, width } = this.#parts;
    const steps = this.#steps;
    const backend = tf.findBackend(name) as Core.KernelBackend;
    return {
      predict(features, rows) {
        const rowsOf = features.subarray(0, rows * width);
        // The backend would read on behind them.
        if (rowsOf.length !== rows * width)
          throw new RangeError(`expected ${rows} rows of ${width}, found ${rowsOf.length} features`);
        const dataIds = [backend.write(rowsOf, [rows, width], 'float32') as Core.DataId];
        try {
          for (const step of steps) dataIds.push(step.run(dataIds, rows));
          return outputs.map(({ slot }) => backend.readSync(dataIds[slot] as Core.DataId) as Float32Array);
        } finally {
          for (const dataId of dataIds) backend.disposeData(dataId);
        }
      },
    };
  }

  #input(name: string): Value | null {
    const { success, data } = input.safeParse(this.#nodes.get(name));
    if (!success) return null;
    const [rows, columns] = data.attr.shape.shape.dim;
    const { width } = this.#parts;
    return rows?.size === -1 && columns?.size === width ? { slot: 0, width } : null;
  }

  #layer(name: string): Value | null {
    const { success, data } = layer.safeParse(this.#nodes.get(name));
    if (!success) return null;
    const [source, ...others] = data.input;
    const from = source === undefined ? null : this.value(source);
    if (from === null) return null;
    const { op, attr } = data;
    return op === '_FusedMatMul' ? this.#dense(from, others, attr) : this.#activation(from, others, op);
  }

  #activation(from: Value, others: readonly string[], op: string): Value | null {
    const kernel = this.#kernel(op);
    if (kernel === null || others.length > 0) return null;
    const { slot, width } = from;
    return this.#step(width, (dataIds, rows) =>
      kernel({ x: { dataId: dataIds[slot] as Core.DataId, shape: [rows, width], dtype: 'float32' } }, {}),
    );
  }

  #dense(from: Value, others: readonly string[], { fused_ops }: z.infer<typeof attributes>): Value | null {
    const [matrix, bias] = others.map((name) => this.#weight(name));
    const [first, second = '', ...more] = (fused_ops?.list.s ?? []).map((name) =>
      Buffer.from(name, 'base64').toString(),
    );
    const activation = Object.hasOwn(ACTIVATIONS, second) ? ACTIVATIONS[second] : undefined;
    const kernel = this.#kernel('_FusedMatMul');
    if (kernel === null || !matrix || !bias || others.length !== 2) return null;
    if (first !== 'BiasAdd' || activation === undefined || more.length > 0) return null;
    const [inputs, outputs] = matrix.shape as [number, number];
    if (matrix.shape.length !== 2 || inputs !== from.width) return null;
    if (bias.shape.length !== 1 || bias.shape[0] !== outputs) return null;
    const b = { dataId: matrix.dataId, shape: [1, inputs, outputs], dtype: matrix.dtype };
    const attrs = { transposeA: false, transposeB: false, activation };
    return this.#step(outputs, (dataIds, rows) => {
      const dataId = dataIds[from.slot] as Core.DataId;
      return kernel({ a: { dataId, shape: [1, rows, inputs], dtype: 'float32' }, b, bias }, attrs);
    });
  }

  #weight(reference: string): Core.Tensor | null {
    const { weights } = this.#parts;
    const name = nameOf(reference);
    const tensor = Object.hasOwn(weights, name) ? weights[name]?.[0] : undefined;
    return tensor?.dtype === 'float32' ? tensor : null;
  }

  #step(width: number, run: Step['run']): Value {
    this.#steps.push({ run });
    return { slot: this.#steps.length, width };
  }

  #kernel(op: string) {
    const { tf, backend: name } = this.#parts;
    const kernelFunc = tf.getKernel(op, name)?.kernelFunc;
    if (kernelFunc === undefined) return null;
    const backend = tf.findBackend(name);
    return (inputs: Core.NamedTensorInfoMap, attrs: Core.NamedAttrMap): Core.DataId => {
      const output = kernelFunc({ inputs, attrs, backend }) as Core.TensorInfo;
      return output.dataId;
    };
  }
}

const nameOf = (reference: string): string => reference.replace(/:0$/, '');
