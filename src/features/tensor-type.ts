// The types of a model's input tensors, and which inputs can fill a tensor of which type.

import { largestIn } from './category-spec.ts';
import type { FieldInput, PlanInput, WindowInput } from './spec.ts';

export const TENSOR_TYPES = ['float32', 'int32', 'bool', 'string'] as const;
export type TensorType = (typeof TENSOR_TYPES)[number];

/** Up to here a float32 has every whole number. */
const FLOAT_INTEGER_MAX = 2 ** 24;

type Complain = (message: string) => void;

/** The input as it is for a tensor of that type. Complains where it cannot fill such a tensor. */
export function inputFor(type: TensorType, input: PlanInput, complain: Complain): PlanInput {
  if (type === 'float32') return forFloats(input, complain);
  switch (input.kind) {
    case 'field':
      return forCells(type, input, complain);
    case 'category':
    case 'hashing':
    case 'tokens':
      if (type === 'int32') return { ...input, cell: 'int' };
      break;
    case 'constant':
      if (type === 'int32' && !isInt32(input.constant))
        complain(`expected a whole number of 32 bits for a tensor of int32, found ${input.constant}`);
      if (type === 'string') break;
      return { kind: 'whole', input };
    case 'oneHot':
      if (type === 'string') break;
      return { kind: 'whole', input };
    case 'hashed':
      if (type === 'string') break;
      return { kind: 'whole', input };
    case 'time':
      if (type !== 'int32') break;
      if (input.cyclic) complain('expected time without cyclic for a tensor of int32, found sine and cosine');
      return { kind: 'whole', input };
    default:
  }
  complain(
    `expected an input that can fill a tensor of ${type}, found ${nameOf(input)}, which gives ${givenBy(input)}`,
  );
  return input;
}

const isInt32 = (value: number): boolean => (value | 0) === value;

function forFloats(input: PlanInput, complain: Complain): PlanInput {
  if (input.kind === 'field' && input.default !== undefined && typeof input.default !== 'number')
    complain(`expected a number as default for a tensor of float32, found ${JSON.stringify(input.default)}`);
  if (input.kind === 'category' || input.kind === 'hashing' || input.kind === 'tokens') {
    const largest = largestIn(input);
    if (largest > FLOAT_INTEGER_MAX)
      complain(
        `expected numbers up to ${FLOAT_INTEGER_MAX} for a tensor of float32, found ${largest}: float32 would round it; ` +
          'put the input into a tensor of int32 (docs/models.md)',
      );
  }
  return input;
}

/** A field as it stands in the record. */
function forCells(type: Exclude<TensorType, 'float32'>, input: FieldInput, complain: Complain): PlanInput {
  const { path, count, shape, default: given, log1p, mean, std } = input;
  if (log1p || mean !== 0 || std !== 1)
    complain(`expected no scaling for a tensor of ${type}, found log1p, mean and std, or min and max`);
  const listed = { path, count, shape };
  if (type === 'int32') {
    if (given !== undefined && !(typeof given === 'number' && isInt32(given)))
      complain(`expected a whole number as default for a tensor of int32, found ${JSON.stringify(given)}`);
    return { kind: 'integer', ...listed, default: given as number | undefined };
  }
  if (type === 'bool') {
    if (given !== undefined && typeof given !== 'boolean')
      complain(`expected true or false as default for a tensor of bool, found ${JSON.stringify(given)}`);
    return { kind: 'flag', ...listed, default: given as boolean | undefined };
  }
  return { kind: 'text', ...listed, default: given === undefined ? undefined : String(given) };
}

const nameOf = (input: PlanInput | WindowInput): string =>
  'path' in input && input.path !== undefined ? `${input.kind} of ${input.path}` : input.kind;

const givenBy = ({ kind }: PlanInput): string =>
  kind === 'category' || kind === 'hashing' || kind === 'tokens' || kind === 'time' || kind === 'oneHot'
    ? 'whole numbers'
    : 'floats';
