// The fields that a compiled reader looks for: the paths of a model's inputs and of the ids, as a
// tree of maps. Records of one stream look alike. So each map expects its keys in the order of the
// previous record, and compares bytes.

import { canonicalPath, formatPath, isElement, parsePath } from '../features/path.ts';
import { type FieldInput, fieldsOf, type PlanInput, widthOf } from '../features/spec.ts';

/** The reasons why a key of a map is wanted. */
export interface PlacedField {
  readonly key: Uint8Array;
  /** The input that the field is, or null. */
  readonly input: FieldInput | null;
  /** The input's number. */
  readonly inputIndex: number;
  /** The input's first column in a row of features. */
  readonly column: number;
  /** The number of the id that the field is, or -1. */
  readonly id: number;
  /** The field's own map, if fields of it are wanted, else null. */
  readonly fields: FieldMap | null;
}

/**
 * How many unwanted keys a map remembers, so that each costs one comparison. The number is bounded
 * because keys may be made up.
 */
const UNWANTED_MAX = 256;

export class FieldMap {
  readonly #fields: PlacedField[];
  readonly #lengthMax: number;
  /** By entry of the previous record: its field. */
  readonly #expected: PlacedField[] = [];
  /** The number of the record in which the map was last entered. */
  enteredIn = 0;

  constructor(fields: readonly PlacedField[]) {
    this.#fields = [...fields];
    this.#lengthMax = fields.length + UNWANTED_MAX;
  }

  /**
   * The field of entry number `entry` of the map. Its key is `bytes[byteAt .. byteAt + length)`.
   */
  fieldOf(entry: number, bytes: Uint8Array, byteAt: number, length: number): PlacedField {
    const expected = this.#expected[entry];
    if (expected !== undefined && isAt(expected.key, bytes, byteAt, length)) return expected;
    const found = this.#find(bytes, byteAt, length);
    this.#expected[entry] = found;
    return found;
  }

  #find(bytes: Uint8Array, byteAt: number, length: number): PlacedField {
    for (const field of this.#fields) if (isAt(field.key, bytes, byteAt, length)) return field;
    const unwanted = newField(bytes.slice(byteAt, byteAt + length));
    if (this.#fields.length < this.#lengthMax) this.#fields.push(unwanted);
    return unwanted;
  }
}

/** Whether the key's bytes stand at `byteAt`. */
function isAt(key: Uint8Array, bytes: Uint8Array, byteAt: number, length: number): boolean {
  if (key.length !== length) return false;
  for (let index = 0; index < length; index++) if (key[index] !== bytes[byteAt + index]) return false;
  return true;
}

const newField = (key: Uint8Array, more: Partial<PlacedField> = {}): PlacedField => ({
  key,
  input: null,
  inputIndex: -1,
  column: -1,
  id: -1,
  fields: null,
  ...more,
});

interface Wanted {
  readonly steps: readonly string[];
  readonly field: Partial<PlacedField>;
}

/** An input, and its first column in a row of features. */
export interface Placed {
  readonly input: FieldInput;
  readonly column: number;
}

/**
 * The list input that contains the path as an element, and the number of the element. Undefined for
 * any other path.
 */
export function elementOf(
  path: string,
  inputs: readonly PlanInput[],
): { readonly list: FieldInput; readonly element: number } | undefined {
  const steps = parsePath(path);
  const last = steps.at(-1) as string;
  if (!isElement(last)) return undefined;
  const parent = formatPath(steps.slice(0, -1));
  const list = inputs.find(
    (input): input is FieldInput =>
      input.kind === 'field' && input.count !== undefined && canonicalPath(input.path) === parent,
  );
  return list === undefined ? undefined : { list, element: Number(last) };
}

/**
 * Inputs that can be put into their columns while a record is walked. Of several inputs with the
 * same path only the first can.
 */
export function directInputs(inputs: readonly PlanInput[]): Placed[] {
  const direct = new Map<string, Placed>();
  let column = 0;
  for (const input of inputs) {
    const isOwn =
      input.kind === 'field' &&
      elementOf(input.path, inputs) === undefined &&
      !hasInputsInside(input, inputs);
    const path = isOwn ? canonicalPath(input.path) : '';
    if (isOwn && !direct.has(path)) direct.set(path, { input, column });
    column += widthOf(input);
  }
  return [...direct.values()];
}

/** Whether another input is an element of the lists in its lists: the walk does not note those. */
const hasInputsInside = ({ path, shape }: FieldInput, inputs: readonly PlanInput[]): boolean =>
  shape !== undefined &&
  inputs.some((other) =>
    fieldsOf(other).some((each) => canonicalPath(each).startsWith(`${canonicalPath(path)}.`)),
  );

export function compileFields(inputs: readonly Placed[], idPaths: readonly string[]): FieldMap {
  const wanted: Wanted[] = inputs.map(({ input, column }, inputIndex) => ({
    steps: parsePath(input.path),
    field: { input, inputIndex, column },
  }));
  return mapOf([...wanted, ...idPaths.map((path, id) => ({ steps: parsePath(path), field: { id } }))]);
}

function mapOf(wanted: readonly Wanted[]): FieldMap {
  const byKey = Map.groupBy(wanted, ({ steps }) => steps[0] as string);
  return new FieldMap(
    [...byKey].map(([key, all]) => {
      const here = all.filter(({ steps }) => steps.length === 1).map(({ field }) => field);
      const below = all.filter(({ steps }) => steps.length > 1);
      const fields =
        below.length === 0
          ? null
          : mapOf(below.map(({ steps, field }) => ({ steps: steps.slice(1), field })));
      return newField(Buffer.from(key), { ...Object.assign({}, ...here), fields });
    }),
  );
}
