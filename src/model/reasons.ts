// Why a score is as high as it is: how much lower it would be if an input had its usual value, one
// input after the other (leave-one-out, also called occlusion; Robnik-Sikonja and Kononenko,
// "Explaining Classifications For Individual Instances", 2008, by differences of the prediction).
// It says what has moved this model's score, not what has caused the event, and inputs that only
// matter together share no effect.

import { columnNames, type PlanInput, widthOf } from '../features/spec.ts';
import type { OutputColumn, Predictor } from './predictor.ts';
import type { DerivedResult } from './results-spec.ts';

/** An input, as wide as it is in a row. All of it is left out at once. */
export interface NamedInput {
  readonly name: string;
  readonly column: number;
  readonly width: number;
}

export function namedInputs(inputs: readonly PlanInput[]): NamedInput[] {
  let column = 0;
  return inputs.map((input) => {
    const width = widthOf(input);
    const named = { name: nameOf(input), column, width };
    column += width;
    return named;
  });
}

/** As `scorelane features` names its column; of several columns, what they are made from. */
function nameOf(input: PlanInput): string {
  const [first = ''] = columnNames(input);
  if (widthOf(input) === 1) return first;
  if (input.kind === 'whole') return nameOf(input.input);
  if (input.kind === 'time') return input.time;
  return 'path' in input && input.path !== undefined ? input.path : first;
}

/** The median of each column of the rows: what an input has that says nothing. */
export function medians(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  return Float32Array.from({ length: width }, (_, column) => {
    const values = Float32Array.from(
      { length: count },
      (_, row) => rows[row * width + column] as number,
    ).sort();
    return values[(count - 1) >> 1] ?? 0;
  });
}

export interface Explaining {
  readonly predictor: Pick<Predictor, 'predict'>;
  /** Which of the model's outputs is explained: one number a row. */
  readonly output: number;
  readonly inputs: readonly NamedInput[];
  /** A row of usual values. */
  readonly usual: Float32Array;
}

type Reasons = Extract<DerivedResult, { readonly kind: 'reasons' }>;

/** Rows of one predict call. */
const ROWS_MAX = 4_096;

/**
 * Of each of `count` rows, the names of `k` inputs and their effects: `count * k` values each.
 * Where there are fewer that raise the score, or it is not past the bound, names are empty and
 * effects 0.
 */
export function reasonsFor(
  { k, above = Number.NEGATIVE_INFINITY }: Reasons,
  explaining: Explaining,
  scores: Float32Array,
  rows: Float32Array,
): { readonly names: string[]; readonly effects: Float32Array } {
  const { inputs, usual } = explaining;
  const names = new Array<string>(scores.length * k).fill('');
  const effects = new Float32Array(scores.length * k);
  const wanted = [...scores.keys()].filter((row) => (scores[row] as number) > above);
  const each = Math.max(1, Math.floor(ROWS_MAX / inputs.length));
  for (let from = 0; from < wanted.length; from += each) {
    const part = wanted.slice(from, from + each);
    const without = scoresWithout(part, explaining, rows);
    for (const [index, row] of part.entries()) {
      const found = inputs
        .map(({ name }, input) => ({
          name,
          effect: (scores[row] as number) - (without[index * inputs.length + input] as number),
        }))
        .filter(({ effect }) => effect > 0)
        .sort((one, other) => other.effect - one.effect)
        .slice(0, Math.min(k, usual.length));
      for (const [place, { name, effect }] of found.entries()) {
        names[row * k + place] = name;
        effects[row * k + place] = effect;
      }
    }
  }
  return { names, effects };
}

/** For each row and each input, the score with the usual value of that input. */
function scoresWithout(
  wanted: readonly number[],
  { predictor, output, inputs, usual }: Explaining,
  rows: Float32Array,
): Float32Array {
  const width = usual.length;
  const matrix = new Float32Array(wanted.length * inputs.length * width);
  let rowAt = 0;
  for (const row of wanted)
    for (const input of inputs) {
      matrix.set(rows.subarray(row * width, (row + 1) * width), rowAt);
      const end = input.column + input.width;
      matrix.set(usual.subarray(input.column, end), rowAt + input.column);
      rowAt += width;
    }
  const columns: readonly OutputColumn[] = predictor.predict(matrix, wanted.length * inputs.length);
  return columns[output] as Float32Array;
}
