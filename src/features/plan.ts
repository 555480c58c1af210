// The feature plan: from the fields of one decoded record to one row of the model's input. Declared
// in model.yaml, compiled once in each worker.

import { asIntegers, compileCells } from './cell-steps.ts';
import { forEachElement } from './elements.ts';
import type { FeaturePlan, Fields, Step } from './feature-plan.ts';
import { murmur3 } from './murmur3.ts';
import { isMap, parsePath, valueAt } from './path.ts';
import { asNumber, describe, explain, notAMap, rejected } from './refusals.ts';
import type { Rejection } from './rejection.ts';
import { type FieldInput, type StatelessInput, TIME_PARTS, widthOf } from './spec.ts';
import { timePart } from './time.ts';
import { MS_OF, TIME_MS_MAX, type TimeUnit } from './time-unit.ts';

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
    case 'whole':
      return asIntegers(input, compileInput(input.input, fields), widthOf(input));
    default:
      return compileCells(input, fields);
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
    const value = given ?? input.default ?? given;
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
    const feature = scale(input, missing);
    row.fill(feature, column, column + count);
    return Number.isFinite(feature) ? null : explain(path, missing);
  }
  if (value === undefined) return explain(path, value);
  return forEachElement(path, value, input.shape ?? [count], 'numbers', (each, index, place) => {
    const element = each ?? missing ?? each;
    const feature = scale(input, element);
    if (!Number.isFinite(feature)) return explain(place, element);
    row[column + index] = feature;
    return null;
  });
}

type Scaling = Pick<FieldInput, 'log1p' | 'mean' | 'std'>;

/** The feature as float32. NaN or infinite when there is none. */
export const scaled = ({ log1p, mean, std }: Scaling, number: number): number =>
  Math.fround(((log1p ? Math.log1p(number) : number) - mean) / std);

const scale = (input: FieldInput, value: unknown): number =>
  scaled(input, typeof value === 'number' ? value : asNumber(value));
