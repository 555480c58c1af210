// The words for values that a feature cannot be made of.

import type { Code, Rejection } from './rejection.ts';

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
