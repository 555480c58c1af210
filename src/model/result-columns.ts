// From the outputs of a model to the columns of its results: those that are shown, what is derived
// from them, and the features if they are wanted.

import { rowsAsNumbers } from './cells.ts';
import { goldenRows } from './golden-rows.ts';
import type { GoldenRecord, ModelManifest, OutputType } from './manifest.ts';
import { ModelError } from './model-error.ts';
import type { OutputColumn, Predictor } from './predictor.ts';
import { medians, namedInputs, reasonsFor } from './reasons.ts';
import { type DerivedResult, namesOf, sourceOf } from './results-spec.ts';
import type { TensorSpec } from './tensor-spec.ts';

/** A field of a result. */
export interface ResultField {
  readonly name: string;
  readonly type: OutputType;
  readonly isList: boolean;
}

/**
 * The fields that come from the model, in the order of the columns. Outputs are as wide as golden
 * ones.
 */
export function resultFields(
  { outputs, results }: Pick<ModelManifest, 'outputs' | 'results'>,
  golden: readonly GoldenRecord[],
): readonly ResultField[] {
  const known: ResultField[] = outputs.map(({ as: name, type }) => ({
    name,
    type,
    isList: (golden[0]?.outputs[name]?.length ?? 1) > 1,
  }));
  const shown = known.filter((_, index) => outputs[index]?.hidden !== true);
  for (const result of results) {
    const isList = known.find(({ name }) => name === sourceOf(result))?.isList ?? false;
    const fields = fieldsOfResult(result, isList);
    known.push(...fields);
    shown.push(...fields);
  }
  return shown;
}

function fieldsOfResult(result: DerivedResult, isList: boolean): ResultField[] {
  const name = result.as;
  switch (result.kind) {
    case 'argmax':
      return [{ name, type: result.labels === undefined ? 'integer' : 'text', isList: false }];
    case 'top': {
      const numbers: ResultField = {
        name,
        type: result.labels === undefined ? 'integer' : 'text',
        isList: result.k > 1,
      };
      return result.scoresAs === undefined
        ? [numbers]
        : [numbers, { name: result.scoresAs, type: 'float', isList: result.k > 1 }];
    }
    case 'reasons': {
      const isMany = result.k > 1;
      const names: ResultField = { name, type: 'text', isList: isMany };
      return result.effectsAs === undefined
        ? [names]
        : [names, { name: result.effectsAs, type: 'float', isList: isMany }];
    }
    case 'threshold':
      return [{ name, type: result.yes === undefined ? 'flag' : 'text', isList }];
    case 'reconstructionError':
      return [{ name, type: 'float', isList: false }];
    default:
      return [{ name, type: 'float', isList }];
  }
}

/**
 * A predictor that gives the columns of results. Hidden outputs come behind all others: nobody
 * writes them, but NaN among them is seen.
 */
export function asResults(
  predictor: Predictor,
  manifest: ModelManifest,
  features: boolean,
  golden: readonly GoldenRecord[],
): Predictor {
  const columnsOf = resultColumns(manifest, features, { predictor, golden });
  return columnsOf === null
    ? predictor
    : { ...predictor, predict: (rows, count) => columnsOf(predictor.predict(rows, count), count, rows) };
}

/**
 * From the outputs for `count` rows to the columns of their results; null where they are the same.
 * Both throw `ModelError` for results that do not fit the outputs.
 */
export function resultColumns(
  manifest: ModelManifest,
  features: boolean,
  explaining: ExplainingParts | null = null,
): ((columns: readonly OutputColumn[], count: number, rows: Float32Array) => OutputColumn[]) | null {
  const { outputs, results, tensors } = manifest;
  const numbers = features ? rowsAsNumbers(tensors) : null;
  if (results.length === 0 && numbers === null && outputs.every(({ hidden }) => !hidden)) return null;
  const derive = results.map((result) => ({
    names: namesOf(result),
    of: sourceOf(result),
    columns:
      result.kind === 'reasons' ? reasoning(result, manifest, explaining) : derivation(result, tensors),
  }));
  return (columns, count, rows) => {
    const byName = new Map(outputs.map(({ as: name }, index) => [name, columns[index] as OutputColumn]));
    const shown = columns.filter((_, index) => outputs[index]?.hidden !== true);
    for (const { names, of, columns: columnsOf } of derive) {
      const derived = columnsOf(floatsOf(byName.get(of), of), count, rows);
      for (const [index, name] of names.entries()) byName.set(name, derived[index] as OutputColumn);
      shown.push(...derived);
    }
    if (numbers !== null) shown.push(numbers(rows));
    shown.push(...columns.filter((_, index) => outputs[index]?.hidden === true));
    return shown;
  };
}

function floatsOf(column: OutputColumn | undefined, name: string): Float32Array {
  if (column instanceof Float32Array) return column;
  throw new ModelError(`results: expected floats in "${name}", found whole numbers, flags or text`);
}

/** The columns that a result adds, from `count` rows of its source. */
type Derive = (values: Float32Array, count: number, features: Float32Array) => OutputColumn[];

/** What reasons are computed with. */
interface ExplainingParts {
  readonly predictor: Predictor;
  readonly golden: readonly GoldenRecord[];
}

type Reasons = Extract<DerivedResult, { readonly kind: 'reasons' }>;

/** Without a predictor there are none: it is only looked whether they fit. */
function reasoning(result: Reasons, manifest: ModelManifest, explaining: ExplainingParts | null): Derive {
  const { outputs, tensors, width } = manifest;
  const output = outputs.findIndex(({ as }) => as === result.reasons);
  if (output < 0)
    throw new ModelError(
      `results: expected an output of the model as \`reasons\`, found "${result.reasons}"`,
    );
  if (tensors.some(({ type }) => type !== 'float32'))
    throw new ModelError('results: expected tensors of floats for `reasons`, found another one');
  const inputs = namedInputs(manifest.inputs);
  const usual = explaining === null ? null : medians(goldenRows(manifest, explaining.golden), width);
  return (values, count, rows) => {
    if (values.length !== count)
      throw new ModelError(
        `results: expected one number in "${result.reasons}", which has ${values.length / count}`,
      );
    const { names, effects } =
      explaining === null || usual === null
        ? { names: new Array<string>(count * result.k).fill(''), effects: new Float32Array(count * result.k) }
        : reasonsFor(result, { predictor: explaining.predictor, output, inputs, usual }, values, rows);
    return result.effectsAs === undefined ? [names] : [names, effects];
  };
}

function derivation(result: Exclude<DerivedResult, Reasons>, tensors: readonly TensorSpec[]): Derive {
  switch (result.kind) {
    case 'argmax':
      return (values, count) => [labelled(largest(values, count, 1), values.length / count, result)];
    case 'top':
      return (values, count) => topOf(values, count, result);
    case 'threshold': {
      const { above, yes, no } = result;
      if (yes === undefined || no === undefined)
        return (values) => [Uint8Array.from(values, (value) => Number(value > above))];
      return (values) => [Array.from(values, (value) => (value > above ? yes : no))];
    }
    case 'reconstructionError':
      return reconstruction(result, tensors);
    case 'rescale': {
      const { factor, offset, expm1 } = result;
      return (values) => [
        values.map((value) => (expm1 ? Math.expm1(factor * value + offset) : factor * value + offset)),
      ];
    }
    case 'calibrate': {
      const { platt, isotonic = [] } = result;
      if (platt === undefined) return (values) => [values.map((value) => between(isotonic, value))];
      return (values) => [values.map((value) => 1 / (1 + Math.exp(platt.a * value + platt.b)))];
    }
  }
}

/**
 * The numbers of the `k` largest values of each row, the largest first; of equal ones the first.
 */
function largest(values: Float32Array, count: number, k: number): Int32Array {
  const width = values.length / count;
  const found = new Int32Array(count * k);
  const valueIn = (row: number, element: number): number => values[row * width + element] as number;
  for (let row = 0; row < count; row++) {
    let held = 0;
    for (let element = 0; element < width; element++) {
      const value = valueIn(row, element);
      if (held === k && !(value > valueIn(row, found[row * k + k - 1] as number))) continue;
      let place = held < k ? held++ : k - 1;
      for (; place > 0 && value > valueIn(row, found[row * k + place - 1] as number); place--)
        found[row * k + place] = found[row * k + place - 1] as number;
      found[row * k + place] = element;
    }
  }
  return found;
}

type Labelled = Extract<DerivedResult, { readonly kind: 'argmax' | 'top' }>;

function labelled(numbers: Int32Array, width: number, { kind, labels }: Labelled): OutputColumn {
  if (labels === undefined) return numbers;
  const list = labels as readonly string[];
  if (list.length !== width)
    throw new ModelError(
      `results: expected ${width} labels for ${kind}, as many as its output has values, found ${list.length}`,
    );
  return Array.from(numbers, (number) => list[number] as string);
}

function topOf(
  values: Float32Array,
  count: number,
  result: Extract<DerivedResult, { readonly kind: 'top' }>,
): OutputColumn[] {
  const { k, top, scoresAs } = result;
  const width = values.length / count;
  if (k > width)
    throw new ModelError(`results: expected k of at most ${width}, the values of "${top}", found ${k}`);
  const numbers = largest(values, count, k);
  const columns = [labelled(numbers, width, result)];
  if (scoresAs !== undefined)
    columns.push(
      Float32Array.from(numbers, (number, index) => values[Math.floor(index / k) * width + number] as number),
    );
  return columns;
}

function reconstruction(
  result: Extract<DerivedResult, { readonly kind: 'reconstructionError' }>,
  tensors: readonly TensorSpec[],
): Derive {
  const { of, measure, reconstructionError: output } = result;
  const tensor = tensors.find(({ name }) => (of === undefined ? tensors.length === 1 : name === of));
  if (tensor?.type !== 'float32')
    throw new ModelError(
      `results: expected a tensor of floats as \`of\` of reconstructionError, found ${of ?? 'several tensors'}; the model has ` +
        tensors.map(({ name }) => name ?? 'one, of `inputs`, which needs no `of`').join(', '),
    );
  const rowWidth = tensors.reduce((sum, { width }) => sum + width, 0);
  return (values, count, features) => {
    const width = values.length / count;
    if (width !== tensor.width)
      throw new ModelError(
        `results: expected ${tensor.width} values in "${output}", as many as went in, found ${width}`,
      );
    const errors = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      let sum = 0;
      for (let cell = 0; cell < width; cell++) {
        const difference =
          (values[row * width + cell] as number) -
          (features[row * rowWidth + tensor.column + cell] as number);
        sum += measure === 'squared' ? difference * difference : Math.abs(difference);
      }
      errors[row] = sum / width;
    }
    return [errors];
  };
}

/** On the line through the points; outside of them what the nearest has. */
function between(points: readonly (readonly [number, number])[], value: number): number {
  const next = points.findIndex(([from]) => from >= value);
  const [, last] = points.at(-1) as readonly [number, number];
  if (next < 0) return Number.isNaN(value) ? Number.NaN : last;
  const [x1, y1] = points[next] as readonly [number, number];
  if (next === 0) return y1;
  const [x0, y0] = points[next - 1] as readonly [number, number];
  return y0 + ((y1 - y0) * (value - x0)) / (x1 - x0);
}
