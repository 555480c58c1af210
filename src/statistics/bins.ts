// Distributions as counts between cuts that were chosen once, of the values that a model was made
// from. What comes later is counted between the same cuts, which costs little; counts can be added.

import type { AtLeast } from './kolmogorov-smirnov.ts';

/** So a bin of a smooth distribution has a twentieth of the values. */
const BINS = 20;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The next float32 above a finite one. */
export function floatAbove(value: number): number {
  // To add 0 makes one zero of both.
  float[0] = value + 0;
  word[0] = float[0] < 0 ? (word[0] as number) - 1 : (word[0] as number) + 1;
  return float[0] + 0;
}

/**
 * Where bins meet, in ascending order: quantiles, so that bins have equal shares; both sides of
 * each value with a share of its own, so that a bin has it alone; and both ends, so that what is
 * outside of all values counts apart. At most `2 * bins + 2` cuts. `sorted`: ascending, without
 * NaN.
 */
export function cutsFor(sorted: Float32Array, bins: number = BINS): Float32Array<ArrayBuffer> {
  const { length } = sorted;
  if (length === 0) return new Float32Array();
  const cuts = new Set([(sorted[0] as number) + 0, floatAbove(sorted[length - 1] as number)]);
  for (let rank = 0; rank < bins; rank++) {
    const value = sorted[Math.floor((rank * length) / bins)] as number;
    cuts.add(value + 0);
    // As many as a bin has are equal to it.
    const from = firstFrom(sorted, value);
    const last = from + Math.ceil(length / bins) - 1;
    if (last < length && sorted[last] === value) cuts.add(floatAbove(value));
  }
  return Float32Array.from(cuts).sort();
}

/** The index of the first that is not below the value. */
function firstFrom(sorted: Float32Array, value: number): number {
  let [from, until] = [0, sorted.length];
  while (from < until) {
    const middle = (from + until) >> 1;
    if ((sorted[middle] as number) < value) from = middle + 1;
    else until = middle;
  }
  return from;
}

/** The bin of a value that is not NaN, of cuts `from` up to `until`: how many do not exceed it. */
export function binOf(cuts: Float32Array, from: number, until: number, value: number): number {
  let [low, high] = [from, until];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - from;
}

/**
 * The statistic D of Kolmogorov and Smirnov (`kolmogorovSmirnov`) of two distributions of which
 * only the counts between `cuts` are known: it is exact at the cuts, and `error` says how much more
 * it may be between them. NaN where one side has no values.
 */
export function distanceOfBins(
  cuts: ArrayLike<number>,
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
): AtLeast {
  const bins = cuts.length + 1;
  if (expected.length !== bins || actual.length !== bins)
    throw new RangeError(`${cuts.length} cuts, ${expected.length} expected and ${actual.length} actual bins`);
  const [expectedSum, actualSum] = [sumOf(expected), sumOf(actual)];
  if (expectedSum === 0 || actualSum === 0) return { value: Number.NaN, error: Number.NaN };
  let [left, right, value, most] = [0, 0, 0, 0];
  for (let bin = 0; bin < bins; bin++) {
    const leftNext = left + (expected[bin] as number) / expectedSum;
    const rightNext = right + (actual[bin] as number) / actualSum;
    value = Math.max(value, Math.abs(leftNext - rightNext));
    if (!isPoint(cuts, bin)) most = Math.max(most, leftNext - right, rightNext - left);
    [left, right] = [leftNext, rightNext];
  }
  return { value, error: Math.max(0, most - value) };
}

/** Whether one value alone can be in the bin. */
const isPoint = (cuts: ArrayLike<number>, bin: number): boolean =>
  bin > 0 && bin < cuts.length && floatAbove(cuts[bin - 1] as number) === cuts[bin];

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return sum;
}
