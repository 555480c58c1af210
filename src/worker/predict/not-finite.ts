// NaN and infinity are no scores: nobody could tell them from a fault of their own.

import type { Rejection } from '../../features/rejection.ts';
import type { OutputColumn } from '../../model/predictor.ts';

/**
 * Why the outputs of the row at `index` of `count` cannot be written; null where all of them are
 * numbers.
 */
export function notFinite(columns: readonly OutputColumn[], index: number, count: number): Rejection | null {
  for (const column of columns) {
    // Whole numbers, flags and text always are.
    if (!(column instanceof Float32Array)) continue;
    const width = column.length / count;
    for (let element = index * width; element < (index + 1) * width; element++) {
      if (Number.isFinite(column[element])) continue;
      const message = `the model gives ${column[element]} for this record`;
      return { stage: 'predict', code: 'SCORE_NOT_FINITE', message };
    }
  }
  return null;
}
