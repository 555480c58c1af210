// The population stability index: how far a distribution has moved from the one that is expected.

import type { Sketch } from './sketch.ts';

/** Shares below count as this one, so that an empty bin does not make the index infinite. */
const SHARE_MIN = 1e-4;
const BINS = 10;

/**
 * Where the bins of equal share of a distribution meet, in ascending order: one less than there are
 * bins, or fewer where single values have a large share. Each is the bound of a bucket, so counts
 * between them are exact.
 */
export function cutsOf(expected: Sketch, bins: number = BINS): number[] {
  const cuts: number[] = [];
  let below = 0;
  let next = 1;
  for (const { to, count } of expected.buckets()) {
    below += count;
    if (below >= expected.count) break;
    if (below * bins < next * expected.count) continue;
    cuts.push(to);
    next = Math.floor((below * bins) / expected.count) + 1;
  }
  return cuts;
}

/** How many values are below the first cut, between it and the second, and so on. */
export function countsBetween(sketch: Sketch, cuts: readonly number[]): number[] {
  const counts = new Array<number>(cuts.length + 1).fill(0);
  let bin = 0;
  for (const { from, count } of sketch.buckets()) {
    while (bin < cuts.length && from >= (cuts[bin] as number)) bin++;
    counts[bin] = (counts[bin] as number) + count;
  }
  return counts;
}

/**
 * Sum over the bins of (a - e) ln(a / e), with the shares a of the actual and e of the expected
 * values: the sum of both relative entropies (Kullback and Leibler, 1951, "divergence J"). It has
 * no unit and is never negative; in credit scoring, where it comes from (Siddiqi, "Credit Risk
 * Scorecards", 2006), less than 0.1 is taken for no change and more than 0.25 for a large one. NaN
 * where one side has no values. Shares below 0.0001 count as 0.0001.
 */
export function populationStability(expected: readonly number[], actual: readonly number[]): number {
  if (expected.length !== actual.length)
    throw new RangeError(`the bins differ: ${expected.length} expected, ${actual.length} actual`);
  const [expectedSum, actualSum] = [sumOf(expected), sumOf(actual)];
  if (expectedSum === 0 || actualSum === 0) return Number.NaN;
  return sumOf(
    expected.map((count, bin) => {
      const share = Math.max(SHARE_MIN, count / expectedSum);
      const now = Math.max(SHARE_MIN, (actual[bin] as number) / actualSum);
      return (now - share) * Math.log(now / share);
    }),
  );
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
