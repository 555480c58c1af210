// The feature plan: from the fields of one decoded record to one row of the model's input. Declared
// in model.yaml, compiled once in each worker.

import { murmur3 } from './murmur3.ts';
import { isMap, parsePath, valueAt } from './path.ts';
import type { Code, Rejection } from './rejection.ts';
import { type FieldInput, type PlanInput, type StatelessInput, TIME_PARTS, widthOf } from './spec.ts';
import { timePart } from './time.ts';
import { MS_OF, TIME_MS_MAX, type TimeUnit } from './time-unit.ts';

export interface FeaturePlan {
  /** The number of columns: the second dimension of the model's input, [records, width]. */
  readonly width: number;
  /** Whether `fill` reads the record's key. */
  readonly wantsKey: boolean;
  /**
   * Fills `row[column .. column + width)`. `timestampMs` and `key` are the record's own. Returns
   * null, or the reason why the record has no features. Then the content of the row means nothing.
   */
  fill(
    record: unknown,
    row: Float32Array,
    column: number,
    timestampMs: number,
    key?: Uint8Array | null,
  ): Rejection | null;
}

/** Fills the columns of one input. */
type Step = FeaturePlan['fill'];

/**
 * How a plan reads its records. A record need not be an object, so there are several ways. One plan
 * takes records of every kind that its fields can read.
 */
export interface Fields {
  getter(path: string): (record: unknown) => unknown;
  /** Whether the columns of that input are already filled, for this record. */
  isFilled(record: unknown, input: PlanInput): boolean;
}

/** Fields of decoded objects. */
export const OBJECT_FIELDS: Fields = { getter, isFilled: () => false };

export function compilePlan(inputs: readonly StatelessInput[], fields: Fields = OBJECT_FIELDS): FeaturePlan {
  const steps = inputs.map((input) => ({ input, fill: compileInput(input, fields), width: widthOf(input) }));
  return {
    width: steps.reduce((sum, { width }) => sum + width, 0),
    wantsKey: false,
    fill(record, row, column, timestampMs) {
      if (!isMap(record)) return notAMap(record);
      let to = column;
      for (const { input, fill, width } of steps) {
        const rejection = fields.isFilled(record, input) ? null : fill(record, row, to, timestampMs);
        if (rejection !== null) return rejection;
        to += width;
      }
      return null;
    },
  };
}

function compileInput(input: StatelessInput, fields: Fields): Step {
  switch (input.kind) {
    case 'field':
      return input.count === undefined ? number(input, fields) : list(input, input.count, fields);
    case 'constant':
      return (_record, row, column) => {
        row[column] = input.constant;
        return null;
      };
    case 'difference': {
      const [from, minus] = [numberAt(input.path, fields), numberAt(input.minus, fields)];
      return (record, row, column) => {
        const [left, right] = [from(record), minus(record)];
        if (typeof left !== 'number') return left;
        if (typeof right !== 'number') return right;
        return put(scaled(input, left - right), left - right, `${input.path} - ${input.minus}`, row, column);
      };
    }
    case 'oneHot': {
      const get = fields.getter(input.path);
      const indexes = new Map<unknown, number>(input.oneOf.map((value, index) => [value, index]));
      return (record, row, column) => {
        const value = get(record);
        if (value === undefined) return explain(input.path, value);
        row.fill(0, column, column + input.oneOf.length);
        const index = indexes.get(typeof value === 'bigint' ? categoryOf(value) : value);
        if (index !== undefined) row[column + index] = 1;
        return null;
      };
    }
    case 'hashed': {
      const get = fields.getter(input.path);
      const { buckets, seed } = input.hash;
      return (record, row, column) => {
        const value = get(record);
        if (value === null || value === undefined || typeof value === 'object') {
          return value === undefined
            ? explain(input.path, value)
            : rejected(
                'NOT_A_CATEGORY',
                `field "${input.path}" is ${describe(value)}, expected text, a number or a flag`,
              );
        }
        row.fill(0, column, column + buckets);
        row[column + (murmur3(Buffer.from(String(value)), seed) % buckets)] = 1;
        return null;
      };
    }
    case 'time': {
      const timeOf = timeAt(input.path, input.unit, fields);
      const period = TIME_PARTS[input.time];
      return (record, row, column, timestampMs) => {
        const ms = timeOf(record, timestampMs);
        if (typeof ms !== 'number') return ms;
        const part = timePart(input.time, ms, input.offsetMinutes);
        if (!input.cyclic) row[column] = part;
        else {
          row[column] = Math.sin((2 * Math.PI * part) / period);
          row[column + 1] = Math.cos((2 * Math.PI * part) / period);
        }
        return null;
      };
    }
  }
}

/** Integers too large for YAML are quoted in model.yaml. */
function categoryOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Reads a field of a map. At the top level this is a direct look-up. */
function getter(text: string): (record: unknown) => unknown {
  const path = parsePath(text);
  const [name = ''] = path;
  if (path.length === 1)
    return (record) =>
      Object.hasOwn(record as object, name) ? (record as Record<string, unknown>)[name] : undefined;
  return (record) => valueAt(record, path);
}

/** Reads a field that must be a finite number. */
export function numberAt(text: string, fields: Fields): (record: unknown) => number | Rejection {
  const get = fields.getter(text);
  return (record) => {
    const value = get(record);
    const found = typeof value === 'number' ? value : asNumber(value);
    return Number.isFinite(found) ? found : explain(text, value);
  };
}

/**
 * Reads the time of a record in milliseconds, from a field or from the record's timestamp. The time
 * is in the range that a date can have.
 */
export function timeAt(
  path: string | undefined,
  unit: TimeUnit,
  fields: Fields,
): (record: unknown, timestampMs: number) => number | Rejection {
  const get = path === undefined ? undefined : numberAt(path, fields);
  const msOf = MS_OF[unit];
  return (record, timestampMs) => {
    const found = get?.(record) ?? timestampMs;
    if (typeof found !== 'number') return found;
    const ms = get === undefined ? found : msOf(found);
    if (Math.abs(ms) <= TIME_MS_MAX) return ms;
    const [name, said] = path === undefined ? ["the record's timestamp", 'ms'] : [`field "${path}"`, unit];
    return rejected(
      'NOT_A_TIME',
      `${name} is ${found}, expected a time in ${said} since 1970: no date is so far from it`,
    );
  };
}

function number(input: FieldInput, fields: Fields): Step {
  const get = fields.getter(input.path);
  return (record, row, column) => {
    const given = get(record);
    const value = given === undefined || given === null ? (input.default ?? given) : given;
    return put(scale(input, value), value, input.path, row, column);
  };
}

export function put(
  feature: number,
  value: unknown,
  path: string,
  row: Float32Array,
  column: number,
): Rejection | null {
  if (!Number.isFinite(feature)) return explain(path, value);
  row[column] = feature;
  return null;
}

function list(input: FieldInput, count: number, fields: Fields): Step {
  const get = fields.getter(input.path);
  return (record, row, column) => fillList(input, count, get(record), row, column);
}

function fillList(
  input: FieldInput,
  count: number,
  value: unknown,
  row: Float32Array,
  column: number,
): Rejection | null {
  const { path, default: missing } = input;
  if ((value === undefined || value === null) && missing !== undefined) {
    const feature = scaled(input, missing);
    row.fill(feature, column, column + count);
    return Number.isFinite(feature) ? null : explain(path, missing);
  }
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
    const element: unknown = value[index] ?? missing ?? value[index];
    const feature = scale(input, element);
    if (!Number.isFinite(feature)) return explain(`${path}.${index}`, element);
    row[column + index] = feature;
  }
  return null;
}

type Scaling = Pick<FieldInput, 'log1p' | 'mean' | 'std'>;

/** The feature as float32. NaN or infinite when there is none. */
export const scaled = ({ log1p, mean, std }: Scaling, number: number): number =>
  Math.fround(((log1p ? Math.log1p(number) : number) - mean) / std);

const scale = (input: FieldInput, value: unknown): number =>
  scaled(input, typeof value === 'number' ? value : asNumber(value));

/**
 * Converts what counts as a number, also big integers and flags. All else becomes NaN, for which
 * `explain` finds the words.
 */
export function asNumber(value: unknown): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Number.NaN;
}

export function explain(path: string, value: unknown): Rejection {
  const name = `field "${path}"`;
  if (value === undefined) return rejected('MISSING_FIELD', `${name} is missing`);
  if (typeof value !== 'number' && typeof value !== 'bigint')
    return rejected('NOT_A_NUMBER', `${name} is ${describe(value)}, expected a number`);
  if (typeof value === 'number' && !Number.isFinite(value))
    return rejected('NOT_FINITE', `${name} is ${value}, expected a finite number`);
  return rejected('OUT_OF_RANGE', `${name} is ${value}, which has no finite value after scaling`);
}

export const notAMap = (record: unknown): Rejection =>
  rejected('NOT_A_MAP', `the value is ${describe(record)}, expected a map of fields`);

export const rejected = (code: Code, message: string): Rejection => ({ stage: 'features', code, message });

const SHOWN_CHARACTERS_MAX = 40;

export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX))}`;
  if (Array.isArray(value)) return 'a list';
  if (ArrayBuffer.isView(value)) return `bytes, ${value.byteLength} of them`;
  if (typeof value === 'object') return 'a map';
  return `the ${typeof value === 'bigint' ? 'number' : typeof value} ${String(value)}`;
}
