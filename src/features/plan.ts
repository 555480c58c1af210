// The feature plan: from the fields of one decoded record to one row of the model's input. Declared in model.yaml,
// compiled once in each worker.

import { type Path, parsePath, printPath, valueAt } from './path.ts';
import type { Rejection } from './rejection.ts';

/**
 * One model input: `((log1p of) the field - mean) / std`, computed in double precision and rounded to float32. With a
 * `count` the field is a list of exactly so many numbers, each of which is an input.
 */
export interface FeatureInput {
  readonly path: string;
  readonly count?: number | undefined;
  readonly log1p: boolean;
  readonly mean: number;
  readonly std: number;
}

export interface FeaturePlan {
  /** Number of inputs: the second dimension of the model's input, [records, width]. */
  readonly width: number;
  /** Fills `row[at .. at + width)`. Returns null, or why the record has no features; the row is then undefined. */
  fill(record: unknown, row: Float32Array, at: number): Rejection | null;
}

interface Step extends FeatureInput {
  readonly steps: Path;
  /** The field's name where it is at the top level, for a direct look-up. */
  readonly field: string | null;
}

export function compilePlan(inputs: readonly FeatureInput[]): FeaturePlan {
  const steps = inputs.map((input): Step => {
    const path = parsePath(input.path);
    return { ...input, steps: path, field: path.length === 1 ? (path[0] as string) : null };
  });
  return {
    width: steps.reduce((sum, { count = 1 }) => sum + count, 0),
    fill(record, row, at) {
      if (record === null || typeof record !== 'object') {
        return rejected('NOT_A_MAP', `the value is ${describe(record)}, expected a map of fields`);
      }
      let to = at;
      for (const step of steps) {
        const value =
          step.field !== null ? (record as Record<string, unknown>)[step.field] : valueAt(record, step.steps);
        if (step.count === undefined) {
          const feature = scale(step, value);
          if (!Number.isFinite(feature)) return explain(printPath(step.steps), value);
          row[to++] = feature;
          continue;
        }
        const rejection = fillList(step, step.count, value, row, to);
        if (rejection !== null) return rejection;
        to += step.count;
      }
      return null;
    },
  };
}

function fillList(
  step: Step,
  count: number,
  value: unknown,
  row: Float32Array,
  at: number,
): Rejection | null {
  const path = printPath(step.steps);
  if (value === undefined) return explain(path, value);
  if (!Array.isArray(value)) {
    return rejected(
      'WRONG_SHAPE',
      `field "${path}" is ${describe(value)}, expected a list of ${count} numbers`,
    );
  }
  if (value.length !== count) {
    return rejected('WRONG_SHAPE', `field "${path}" has ${value.length} numbers, expected ${count}`);
  }
  for (let index = 0; index < count; index++) {
    const feature = scale(step, value[index]);
    if (!Number.isFinite(feature)) return explain(`${path}.${index}`, value[index]);
    row[at + index] = feature;
  }
  return null;
}

/** The feature as float32; NaN or infinite when there is none. */
export const scaled = ({ log1p, mean, std }: FeatureInput, number: number): number =>
  Math.fround(((log1p ? Math.log1p(number) : number) - mean) / std);

const scale = (input: FeatureInput, value: unknown): number =>
  scaled(input, typeof value === 'number' ? value : asNumber(value));

/** Numbers in the wider sense: big integers and flags. All else is NaN, which `explain` then puts into words. */
function asNumber(value: unknown): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Number.NaN;
}

function explain(path: string, value: unknown): Rejection {
  const name = `field "${path}"`;
  if (value === undefined) return rejected('MISSING_FIELD', `${name} is missing`);
  if (typeof value !== 'number')
    return rejected('NOT_A_NUMBER', `${name} is ${describe(value)}, expected a number`);
  if (!Number.isFinite(value)) return rejected('NOT_FINITE', `${name} is ${value}, expected a finite number`);
  return rejected('OUT_OF_RANGE', `${name} is ${value}, which has no finite value after scaling`);
}

const rejected = (code: string, message: string): Rejection => ({ stage: 'features', code, message });

const SHOWN_CHARACTERS_MAX = 40;

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX))}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `the ${typeof value} ${String(value)}`;
}
