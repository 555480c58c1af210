// NaN and infinity are no scores: nobody could tell them from a fault of their own.

import type { Rejection } from '../features/rejection.ts';

/** Why the outputs of the row at `index` of `count` cannot be written; null where all of them are numbers. */
export function notFinite(columns: readonly Float32Array[], index: number, count: number): Rejection | null {
  for (const column of columns) {
    const width = column.length / count;
    for (let at = index * width; at < (index + 1) * width; at++) {
      if (Number.isFinite(column[at])) continue;
      const message = `the model gives ${column[at]} for this record`;
      return { stage: 'predict', code: 'SCORE_NOT_FINITE', message };
    }
  }
  return null;
}
