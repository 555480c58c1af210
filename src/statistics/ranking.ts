// How well scores put records with a label before those without: the area under the ROC curve, and
// average precision. Both look at groups of records that the scores do not tell apart: equal scores
// of a sample, or the buckets of sketches, whose error is then stated.

import { bothBuckets } from './both-buckets.ts';
import type { Sketch } from './sketch.ts';

/** Records whose scores are not told apart. */
export interface ScoreGroup {
  /** Their scores are known to be equal. */
  readonly isTied: boolean;
  readonly positives: number;
  readonly negatives: number;
}

/** The true value is not farther from `value` than `error`. */
export interface Within {
  readonly value: number;
  readonly error: number;
}

/** The groups of a sample, from the highest score down. `labels[n]` belongs to `scores[n]`. */
export function groupsOfSample(scores: ArrayLike<number>, labels: ArrayLike<boolean>): ScoreGroup[] {
  if (scores.length !== labels.length)
    throw new RangeError(`${scores.length} scores have ${labels.length} labels`);
  const counts = new Map<number, { positives: number; negatives: number }>();
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index] as number;
    const group = counts.get(score) ?? { positives: 0, negatives: 0 };
    if (labels[index]) group.positives++;
    else group.negatives++;
    counts.set(score, group);
  }
  return [...counts]
    .toSorted(([left], [right]) => right - left)
    .map(([, group]) => ({ ...group, isTied: true }));
}

/** The groups of two sketches, of the scores of records with the label and of those without. */
export const groupsOfSketches = (positives: Sketch, negatives: Sketch): ScoreGroup[] =>
  [...bothBuckets(positives, negatives)].reverse().map(({ isPoint, leftCount, rightCount }) => ({
    isTied: isPoint,
    positives: leftCount,
    negatives: rightCount,
  }));

/**
 * The share of pairs, of a positive and a negative record, in which the positive one has the higher
 * score; a pair in one group counts half (Hanley and McNeil, 1982). `error`: of groups that are
 * not tied, as their records may be in any order. NaN without positives or without negatives.
 */
export function areaUnderRoc(groups: readonly ScoreGroup[]): Within {
  const [allPositives, allNegatives] = sums(groups);
  let [above, pairs, undecided] = [0, 0, 0];
  for (const { isTied, positives, negatives } of groups) {
    pairs += negatives * (above + positives / 2);
    if (!isTied) undecided += negatives * positives;
    above += positives;
  }
  const all = allPositives * allNegatives;
  return { value: pairs / all, error: undecided / 2 / all };
}

/**
 * The sum over groups, from the highest score down, of the growth of the recall times the
 * precision, without interpolation (as scikit-learn's `average_precision_score`). `error`: of
 * groups that are not tied. NaN without positives.
 */
export function averagePrecision(groups: readonly ScoreGroup[]): Within {
  const [allPositives] = sums(groups);
  let [truly, falsely, sum, worst, best] = [0, 0, 0, 0, 0];
  for (const { isTied, positives, negatives } of groups) {
    const together = (positives * (truly + positives)) / (truly + positives + falsely + negatives || 1);
    sum += together;
    // The negatives of the group first; or last. What is tied in truth can be better than both.
    worst += isTied ? together : precisions(truly, falsely + negatives, positives, 0);
    best += isTied ? together : Math.max(together, precisions(truly, falsely, positives, 1));
    truly += positives;
    falsely += negatives;
  }
  const value = sum / allPositives;
  return { value, error: Math.max(best / allPositives - value, value - worst / allPositives) };
}

/**
 * A bound of the sum, for i from 1 to p positives, of (truly + i) / (truly + i + falsely): from
 * below with `plus` 0, from above with 1. With m for truly + falsely, the sum of 1 / (m + i) lies
 * between ln(1 + p / (m + 1)) and ln(1 + p / m).
 */
const precisions = (truly: number, falsely: number, positives: number, plus: 0 | 1): number =>
  falsely === 0 || positives === 0
    ? positives
    : positives - falsely * Math.log1p(positives / (truly + falsely + plus));

const sums = (groups: readonly ScoreGroup[]): readonly [positives: number, negatives: number] => [
  groups.reduce((sum, { positives }) => sum + positives, 0),
  groups.reduce((sum, { negatives }) => sum + negatives, 0),
];
