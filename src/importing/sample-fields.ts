// The fields that sample records have, and what is in them.

import { formatPath, isMap } from '../features/path.ts';
import type { SampleRecord } from './samples.ts';

export type FieldKind = 'number' | 'flag' | 'text';

export interface SampleField {
  readonly path: string;
  readonly kind: FieldKind;
  /** The lengths of its lists; empty for a single value. */
  readonly shape: readonly number[];
  /** Whether its numbers are all whole. */
  readonly isWhole: boolean;
}

/** Those that hold the same kind of value in all records that have them, in their order. */
export function fieldsIn(samples: readonly SampleRecord[]): readonly SampleField[] {
  const found = new Map<string, SampleField | null>();
  for (const record of samples)
    for (const field of fieldsOfRecord(record, [])) {
      const before = found.get(field.path);
      found.set(field.path, before === undefined ? field : both(before, field));
    }
  return [...found.values()].filter((field) => field !== null);
}

/** Null for a field that is now this and now that. */
function both(one: SampleField | null, other: SampleField): SampleField | null {
  if (one === null || one.kind !== other.kind || String(one.shape) !== String(other.shape)) return null;
  return { ...one, isWhole: one.isWhole && other.isWhole };
}

function fieldsOfRecord(value: Readonly<Record<string, unknown>>, above: readonly string[]): SampleField[] {
  return Object.entries(value).flatMap(([name, each]) => {
    const path = [...above, name];
    if (isMap(each)) return fieldsOfRecord(each, path);
    const shape = shapeOf(each);
    const leaves = [each].flat(Number.POSITIVE_INFINITY);
    const kinds = new Set(leaves.map(kindOf));
    const [kind] = kinds;
    if (shape === null || kinds.size !== 1 || kind === undefined || kind === null) return [];
    const isWhole = leaves.every((leaf) => Number.isSafeInteger(Number(leaf)));
    return [{ path: formatPath(path), kind, shape, isWhole }];
  });
}

function kindOf(value: unknown): FieldKind | null {
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (typeof value === 'boolean') return 'flag';
  return typeof value === 'string' ? 'text' : null;
}

/** Null for lists of several lengths. */
function shapeOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return [];
  const [first, ...others] = value.map(shapeOf);
  if (first === undefined || first === null) return null;
  return others.every((shape) => String(shape) === String(first)) ? [value.length, ...first] : null;
}
