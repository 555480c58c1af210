// The distance between two distributions, after Kolmogorov and Smirnov.

import { bothBuckets } from './both-buckets.ts';
import type { Sketch } from './sketch.ts';

/** A value that is known within bounds: it is at least `value`, and at most `value + error`. */
export interface AtLeast {
  readonly value: number;
  readonly error: number;
}

/**
 * The largest difference, over all x, of the shares of values that do not exceed x: from 0, for
 * equal distributions, to 1 (the two-sample statistic D of Smirnov, 1939). It is exact at the
 * bounds of the buckets; the error says how much more it may be between them. NaN where one has no
 * values.
 */
export function kolmogorovSmirnov(left: Sketch, right: Sketch): AtLeast {
  let [leftBelow, rightBelow, value, most] = [0, 0, 0, 0];
  for (const { isPoint, leftCount, rightCount } of bothBuckets(left, right)) {
    const leftNext = leftBelow + leftCount;
    const rightNext = rightBelow + rightCount;
    value = Math.max(value, Math.abs(leftNext / left.count - rightNext / right.count));
    if (!isPoint)
      most = Math.max(
        most,
        leftNext / left.count - rightBelow / right.count,
        rightNext / right.count - leftBelow / left.count,
      );
    [leftBelow, rightBelow] = [leftNext, rightNext];
  }
  if (left.count === 0 || right.count === 0) return { value: Number.NaN, error: Number.NaN };
  return { value, error: Math.max(0, most - value) };
}
