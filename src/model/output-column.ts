// The values of an output, of whatever type.

import type { OutputType } from './manifest.ts';
import type { OutputColumn } from './predictor.ts';

export function outputTypeOf(column: OutputColumn): OutputType {
  if (column instanceof Float32Array) return 'float';
  if (column instanceof Uint8Array) return 'flag';
  return Array.isArray(column) ? 'text' : 'integer';
}

/** One value as results and golden records have it. */
export function outputValue(column: OutputColumn, index: number): number | string | boolean {
  const value = column[index] as number | string;
  return column instanceof Uint8Array ? value !== 0 : value;
}

/** What a row, the one at `index` of `count`, has of an output: one value, or a list of them. */
export function outputIn(column: OutputColumn, index: number, count: number, isList: boolean): unknown {
  const width = column.length / count;
  return isList
    ? Array.from({ length: width }, (_, element) => outputValue(column, index * width + element))
    : outputValue(column, index);
}
