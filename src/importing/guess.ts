// Guesses which fields of the records fill the inputs of a model: by names, by lengths, and by what
// is left over. A person looks at it afterwards.

import { formatPath } from '../features/path.ts';
import { ModelError } from '../model/model-error.ts';
import type { ExportedTensor } from './exported.ts';
import type { SampleField } from './sample-fields.ts';

/** An entry of `inputs` in model.yaml. */
export interface GuessedEntry {
  readonly path: string;
  readonly count?: number;
  readonly shape?: readonly number[];
}

export interface GuessedInputs {
  readonly tensor: ExportedTensor;
  readonly entries: readonly GuessedEntry[];
}

/**
 * `fields` are those of the samples; null without samples: then fields are named as the inputs are.
 * Throws `ModelError` if the samples do not have as many as the model needs.
 */
export function guessInputs(
  tensors: readonly ExportedTensor[],
  fields: readonly SampleField[] | null,
): readonly GuessedInputs[] {
  if (fields === null) return tensors.map((tensor) => ({ tensor, entries: [byName(tensor)] }));
  const left = new Set(fields);
  const found = new Map<ExportedTensor, readonly GuessedEntry[]>();
  const fill = (tensor: ExportedTensor, field: SampleField | undefined): void => {
    if (field === undefined) return;
    left.delete(field);
    found.set(tensor, [entryOf(field)]);
  };
  const open = (): ExportedTensor[] => tensors.filter((tensor) => !found.has(tensor));
  for (const tensor of open())
    fill(
      tensor,
      [...left].find((field) => plain(field.path) === plain(tensor.name) && holds(tensor, field)),
    );
  for (const tensor of open()) {
    const named = [...left].find((field) => plain(field.path) === plain(tensor.name));
    // Another field would be a wrong guess that looks right.
    if (named !== undefined) throw otherKind(tensor, named);
  }
  for (const tensor of open().filter((each) => widthOfTensor(each) > 1)) {
    const lists = [...left].filter((field) => field.shape.length > 0 && holds(tensor, field));
    if (lists.length === 1) fill(tensor, lists[0]);
  }
  // Whole numbers and texts first: a float takes what they leave.
  for (const tensor of open().sort((one, other) => rank(one) - rank(other))) {
    const alone = open().filter((each) => each.type === tensor.type);
    const wanted = alone.reduce((sum, each) => sum + widthOfTensor(each), 0);
    const columns = columnsFor(tensor, [...left], wanted);
    if (columns === null) throw tooFew(tensor, wanted, [...left]);
    const own = columns.slice(0, widthOfTensor(tensor));
    for (const field of own) left.delete(field);
    found.set(
      tensor,
      own.map(({ path }) => ({ path })),
    );
  }
  return tensors.map((tensor) => ({ tensor, entries: found.get(tensor) ?? [] }));
}

export const widthOfTensor = ({ shape }: ExportedTensor): number =>
  shape.reduce<number>((all, length) => all * (length ?? 1), 1);

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const rank = ({ type }: ExportedTensor): number => ['string', 'bool', 'int32', 'float32'].indexOf(type);

/** Names that stand for no field in particular. */
const NAMELESS = /^(?:inputs?|x|args_0|keras_tensor(?:_\d+)?|dense_input|features?)$/;

function byName(tensor: ExportedTensor): GuessedEntry {
  const path = NAMELESS.test(tensor.name) ? 'features' : formatPath([tensor.name]);
  return widthOfTensor(tensor) === 1 ? { path } : entryOf({ path, shape: tensor.shape as readonly number[] });
}

function entryOf({ path, shape }: Pick<SampleField, 'path' | 'shape'>): GuessedEntry {
  const [count, ...others] = shape;
  if (count === undefined) return { path };
  return others.length === 0 ? { path, count } : { path, shape };
}

const KINDS: Readonly<Record<ExportedTensor['type'], (field: SampleField) => boolean>> = {
  float32: ({ kind }) => kind !== 'text',
  int32: ({ kind, isWhole }) => kind === 'number' && isWhole,
  bool: ({ kind }) => kind === 'flag',
  string: ({ kind }) => kind === 'text',
};

/** Whether the field alone fills the tensor. */
function holds(tensor: ExportedTensor, field: SampleField): boolean {
  const values = field.shape.reduce((all, length) => all * length, 1);
  return KINDS[tensor.type](field) && values === widthOfTensor(tensor);
}

/** Fields that a model is seldom given, the most seldom first. */
const SELDOM = [
  /^(?:is_?)?(?:label|target|class|y|fraud|outcome|score|prediction)$/i,
  /(?:^|_|[a-z](?=I))(?:id|uuid|key)$/i,
  /(?:^|_)(?:time|timestamp|date|ts|at|created)(?:$|_)/i,
];

/** So many single fields, or null. */
function columnsFor(
  { type }: ExportedTensor,
  fields: readonly SampleField[],
  wanted: number,
): readonly SampleField[] | null {
  let columns = fields.filter((field) => field.shape.length === 0 && KINDS[type](field));
  for (const seldom of SELDOM) {
    if (columns.length <= wanted) break;
    columns = columns.filter(({ path }) => !seldom.test(path));
  }
  return columns.length === wanted ? columns : null;
}

function otherKind(
  { name, type, shape }: ExportedTensor,
  { path, kind, shape: lengths }: SampleField,
): ModelError {
  const what = lengths.length === 0 ? kind : `a list of [${lengths.join(', ')}] (${kind})`;
  return new ModelError(
    `the samples: expected a field for the input "${name}" (${type} [${['records', ...shape].join(', ')}]), found "${path}", ` +
      `which is ${what}; say what fills it (text becomes a number by its vocabulary) in a YAML file with inputs or tensors, as in ` +
      'docs/models.md, and give it by --inputs FILE',
  );
}

function tooFew(
  { name, type, shape }: ExportedTensor,
  wanted: number,
  left: readonly SampleField[],
): ModelError {
  const names = left.map(({ path, kind, shape: lengths }) =>
    lengths.length === 0 ? `${path} (${kind})` : `${path} (list of [${lengths.join(', ')}])`,
  );
  const shown =
    names.length > SHOWN_MAX ? [...names.slice(0, SHOWN_MAX), `${names.length - SHOWN_MAX} more`] : names;
  return new ModelError(
    `the samples: expected ${wanted} ${type === 'float32' ? 'numeric' : type} ${wanted === 1 ? 'field' : 'fields'} ` +
      `for the input "${name}" (${type} [${['records', ...shape].join(', ')}]), found ${shown.join(', ') || 'none left'}; ` +
      'say which fields fill it in a YAML file with inputs or tensors, as in docs/models.md, and give it by --inputs FILE',
  );
}

const SHOWN_MAX = 12;
