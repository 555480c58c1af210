// Compares model.yaml with the inputs that a model says it takes, before anything runs: TensorFlow
// ends the whole process for some tensors that do not fit.

import type { TensorType } from '../features/tensor-type.ts';
import { didYouMean } from '../written/nearest.ts';
import { ModelError } from './model-error.ts';
import { shapeInWords, type TensorSpec } from './tensor-spec.ts';

/** One input of a model, as the model's file describes it. */
export interface SignatureInput {
  /** The name by which model.yaml means it. */
  readonly name: string;
  /** What can be fed to it; a word of the file where it is nothing that can. */
  readonly type: TensorType | string;
  /** With the records first; -1 where any length will do; null where nothing is said. */
  readonly shape: readonly number[] | null;
}

/** Where the tensors are written down. */
export interface TensorsIn {
  /** As messages name it. */
  readonly file: string;
  /** The error about the tensor of that number; about all of them if it is null. */
  wrong(tensor: number | null, key: 'name' | 'shape', message: string): ModelError;
}

/** In model.yaml: of a model in a repository, the model's own file says where the trouble is. */
const inManifest = (where: string): TensorsIn => ({
  file: 'model.yaml',
  wrong: (_tensor, _key, message) => new ModelError(`${where}: ${message}`),
});

/**
 * The model's input for each tensor of model.yaml, in its order. `wanted` is the name of the one
 * input where the tensor has none. `where` names the model's file, or is where the tensors are
 * written. Throws `ModelError`.
 */
export function matchInputs(
  where: string | TensorsIn,
  tensors: readonly TensorSpec[],
  signature: readonly SignatureInput[],
  wanted?: string,
): readonly SignatureInput[] {
  const { file, wrong } = typeof where === 'string' ? inManifest(where) : where;
  const names = signature.map(({ name }) => name);
  const matched = tensors.map((tensor, index) => {
    const name = tensor.name ?? wanted ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined)
      throw wrong(
        null,
        'name',
        `expected tensors in ${file}, one for each input of the model (${names.join(', ') || 'none'}), found inputs alone`,
      );
    const input = signature.find((each) => each.name === name);
    if (input === undefined)
      throw wrong(
        index,
        'name',
        `expected an input of the model, ${names.join(' or ') || 'but it has none'}, found "${name}" in ${file}` +
          didYouMean(name, names),
      );
    if (!fits(tensor, input))
      throw wrong(
        index,
        'shape',
        `expected ${inWords(input)} for the input "${name}", as the model says, found ${shapeInWords(tensor)} ` +
          `in ${file}${wayOut(tensor, input)}`,
      );
    return input;
  });
  const left = signature.filter((input) => !matched.includes(input));
  if (left.length === 0) return matched;
  const named = left.map((input) => `"${input.name}" (${inWords(input)})`).join(', ');
  throw wrong(
    null,
    'name',
    `expected a tensor in ${file} for each input of the model, found none for ${named}`,
  );
}

const fits = ({ type, shape }: TensorSpec, input: SignatureInput): boolean =>
  type === input.type && (input.shape === null || fitsShape(shape, input.shape));

const fitsShape = (shape: readonly number[], [records, ...others]: readonly number[]): boolean =>
  records === -1 &&
  others.length === shape.length &&
  others.every((length, index) => length === -1 || length === shape[index]);

const inWords = ({ type, shape }: Pick<SignatureInput, 'type' | 'shape'>): string =>
  shape === null
    ? type
    : `${type} [${shape.map((length, index) => (length !== -1 ? length : index === 0 ? 'records' : 'any')).join(', ')}]`;

function wayOut(tensor: TensorSpec, { type, shape }: SignatureInput): string {
  if (type !== tensor.type) {
    return ['float32', 'int32', 'bool', 'string'].includes(type)
      ? `: give it as a tensor with type: ${type}`
      : `: no tensor of ${type} can be given; "scorelane models import" writes a model that takes another type`;
  }
  const [records, ...others] = shape ?? [];
  if (records !== -1) return ': export the model so that it takes any number of records';
  if (others.length !== tensor.shape.length && others.every((length) => length > 0)) {
    const columns = others.reduce((all, length) => all * length, 1);
    if (columns === tensor.width) return `: say shape: [${others.join(', ')}]`;
  }
  return '';
}
