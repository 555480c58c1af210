// What model.yaml says about the model's input tensors: `tensors`, each with the inputs that fill
// it, or `inputs` alone, for one tensor of floats. The columns of all tensors stand side by side in
// a row.

import { z } from 'zod';
import { type PlanInput, planInput, widthOf } from '../features/spec.ts';
import { inputFor, TENSOR_TYPES, type TensorType } from '../features/tensor-type.ts';

/** One tensor of the model's input, of the shape [records, ...shape]. */
export interface TensorSpec {
  /** The name of the model's input. Null where model.yaml says `inputs` alone. */
  readonly name: string | null;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Its first column in a row. */
  readonly column: number;
  /** Its columns: the product of its shape. */
  readonly width: number;
}

export const tensorsSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      type: z.enum(TENSOR_TYPES).default('float32'),
      shape: z.array(z.int().positive()).optional(),
      inputs: z.array(planInput).min(1),
    }),
  )
  .min(1);

export interface Tensors {
  readonly tensors: readonly TensorSpec[];
  /** The inputs of all tensors, in the order of their columns. */
  readonly inputs: readonly PlanInput[];
}

type Complain = (path: readonly PropertyKey[], message: string) => void;

/** The tensors as they lie in a row. Complains of inputs that do not fit into theirs. */
export function placeTensors(written: z.infer<typeof tensorsSchema>, complain: Complain): Tensors {
  const placed: TensorSpec[] = [];
  const inputs: PlanInput[] = [];
  let column = 0;
  written.forEach(({ name, type, shape: said, inputs: given }, index) => {
    if (placed.some((other) => other.name === name))
      complain([index, 'name'], `expected each tensor once, found ${JSON.stringify(name)} twice`);
    const own = given.map((input, place) =>
      inputFor(type, input, (message) => complain([index, 'inputs', place], message)),
    );
    const width = sumOf(own.map(widthOf));
    const shape = said ?? shapeOf(own, width);
    if (product(shape) !== width)
      complain(
        [index, 'shape'],
        `expected the shape of ${width} ${width === 1 ? 'column' : 'columns'}, which is what the inputs give, found ${inWords(shape)}`,
      );
    placed.push({ name, type, shape, column, width });
    inputs.push(...own);
    column += width;
  });
  return { tensors: placed, inputs };
}

/** One tensor of floats. */
export function oneTensor(given: readonly PlanInput[], complain: Complain): Tensors {
  const inputs = given.map((input, place) =>
    inputFor('float32', input, (message) => complain([place], message)),
  );
  const width = sumOf(inputs.map(widthOf));
  return {
    tensors: [{ name: null, type: 'float32', shape: shapeOf(inputs, width), column: 0, width }],
    inputs,
  };
}

/**
 * Lists in lists, and the last values of several fields, keep their shape where they are all of a
 * tensor.
 */
function shapeOf(inputs: readonly PlanInput[], width: number): readonly number[] {
  const [only] = inputs;
  return (inputs.length === 1 && only !== undefined ? ownShape(only) : undefined) ?? [width];
}

function ownShape(input: PlanInput): readonly number[] | undefined {
  if (input.kind !== 'window') return 'shape' in input ? input.shape : undefined;
  const { count = 1, fields } = input.window;
  return fields === undefined ? undefined : [count, fields.length];
}

export const shapeInWords = ({ type, shape }: Pick<TensorSpec, 'type' | 'shape'>): string =>
  `${type} ${inWords(['records', ...shape])}`;

const inWords = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const product = (numbers: readonly number[]): number => numbers.reduce((all, each) => all * each, 1);
