// What a replay found, in figures: what programs read, and what the text and the page are made of.

import { precision, recall } from '../statistics/decisions.ts';
import { kolmogorovSmirnov } from '../statistics/kolmogorov-smirnov.ts';
import { countsBetween, cutsOf, populationStability } from '../statistics/population-stability.ts';
import { areaUnderRoc, averagePrecision, groupsOfSketches, type Within } from '../statistics/ranking.ts';
import type { Sketch } from '../statistics/sketch.ts';
import type { Comparison, DifferingRecord } from './comparison.ts';
import { type Bar, barsOf, boundsOf } from './histogram.ts';
import type { ReplayRun } from './run-plan.ts';
import type { VersionSums } from './version-sums.ts';

const PERCENTS = [1, 5, 25, 50, 75, 95, 99, 99.9] as const;

/** Null stands for what is not known, as JSON has no NaN. */
export type Figure = number | null;

export interface ScoreSpread {
  readonly mean: Figure;
  readonly min: Figure;
  readonly max: Figure;
  /** By percent, such as p99. */
  readonly percentiles: Readonly<Record<string, Figure>>;
}

export interface LabelledFigures {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: Figure;
  readonly aucError: Figure;
  readonly averagePrecision: Figure;
  readonly averagePrecisionError: Figure;
  /** At the threshold; null without one. */
  readonly precision: Figure;
  readonly recall: Figure;
}

export interface VersionReport {
  readonly model: string;
  readonly version: string;
  readonly backend: string;
  readonly scored: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly scores: ScoreSpread;
  readonly threshold: Figure;
  /** How many scores are above the threshold; null without one. */
  readonly decidedFor: Figure;
  readonly labelled: LabelledFigures | null;
  readonly histogram: readonly Bar[];
}

export interface DifferenceReport {
  /** Records that both versions gave a score, and those of one alone. */
  readonly both: number;
  readonly candidateOnly: number;
  readonly baselineOnly: number;
  /** To the bit. */
  readonly equal: number;
  /** Null without a threshold. */
  readonly flipsUp: Figure;
  readonly flipsDown: Figure;
  readonly difference: ScoreSpread;
  readonly meanAbsolute: Figure;
  readonly populationStability: Figure;
  readonly kolmogorovSmirnov: Figure;
  readonly kolmogorovSmirnovError: Figure;
  readonly largest: readonly DifferingRecord[];
  readonly histogram: readonly Bar[];
}

export interface ReplayReport {
  readonly topic: string;
  readonly from: string;
  readonly to: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly from: number;
    readonly until: number;
  }[];
  readonly score: string;
  readonly records: number;
  readonly skipped: number;
  /** Offsets that the log had dropped before they were read. */
  readonly gone: number;
  readonly seconds: number;
  readonly recordsPerSecond: Figure;
  readonly labels: { readonly absent: number; readonly unreadable: number } | null;
  /** A percentile is known to this part of it. */
  readonly percentileError: number;
  readonly candidate: VersionReport;
  readonly baseline: VersionReport | null;
  readonly comparison: DifferenceReport | null;
}

const figure = (value: number): Figure => (Number.isFinite(value) ? value : null);

const spreadOf = (sketch: Sketch, sum: number): ScoreSpread => ({
  mean: figure(sum / sketch.count),
  min: figure(sketch.min),
  max: figure(sketch.max),
  percentiles: Object.fromEntries(
    PERCENTS.map((percent) => [`p${percent}`, figure(sketch.quantile(percent / 100))]),
  ),
});

/** `seconds`: how long it scored, in all. */
export function reportOf(
  { plan, comparison }: Pick<ReplayRun, 'plan' | 'comparison'>,
  backends: readonly string[],
  seconds: number,
): ReplayReport {
  const { counts, candidate, baseline, sums } = comparison;
  const hasLabels = plan.label !== null;
  const bounds = boundsOf([candidate.scores, ...(baseline === null ? [] : [baseline.scores])]);
  const of = (which: 'candidate' | 'baseline', each: VersionSums, index: number): VersionReport => ({
    model: plan[which]?.model ?? '',
    version: plan[which]?.version ?? '',
    backend: backends[index] ?? '',
    scored: each.scores.count,
    deadLetters: each.codes,
    scores: spreadOf(each.scores, sums[which]),
    threshold: each.threshold,
    decidedFor: each.threshold === null ? null : each.decidedFor,
    labelled: hasLabels ? labelledOf(each) : null,
    histogram: barsOf(each.scores, bounds),
  });
  return {
    topic: plan.topic,
    from: plan.from,
    to: plan.to,
    partitions: plan.ranges.map(({ from, until }, partition) => ({ partition, from, until })),
    score: plan.score,
    records: counts.records,
    skipped: counts.skipped,
    gone: counts.gone,
    seconds,
    recordsPerSecond: figure(counts.records / seconds),
    labels: hasLabels ? { absent: counts.labelsAbsent, unreadable: counts.labelsUnreadable } : null,
    percentileError: candidate.scores.relativeError,
    candidate: of('candidate', candidate, 0),
    baseline: baseline === null ? null : of('baseline', baseline, 1),
    comparison: baseline === null ? null : differenceOf(comparison, baseline),
  };
}

function labelledOf({ positives, negatives, decisions, threshold }: VersionSums): LabelledFigures {
  const groups = groupsOfSketches(positives, negatives);
  const [auc, average]: readonly Within[] = [areaUnderRoc(groups), averagePrecision(groups)];
  const hasThreshold = threshold !== null;
  return {
    positives: positives.count,
    negatives: negatives.count,
    auc: figure(auc?.value ?? Number.NaN),
    aucError: figure(auc?.error ?? Number.NaN),
    averagePrecision: figure(average?.value ?? Number.NaN),
    averagePrecisionError: figure(average?.error ?? Number.NaN),
    precision: hasThreshold ? figure(precision(decisions)) : null,
    recall: hasThreshold ? figure(recall(decisions)) : null,
  };
}

function differenceOf(comparison: Comparison, baseline: VersionSums): DifferenceReport {
  const { counts, candidate, differences, sums, largest } = comparison;
  const cuts = cutsOf(baseline.scores);
  const hasThresholds = candidate.threshold !== null && baseline.threshold !== null;
  const distance = kolmogorovSmirnov(candidate.scores, baseline.scores);
  return {
    both: counts.both,
    candidateOnly: counts.candidateOnly,
    baselineOnly: counts.baselineOnly,
    equal: counts.equal,
    flipsUp: hasThresholds ? counts.flipsUp : null,
    flipsDown: hasThresholds ? counts.flipsDown : null,
    difference: spreadOf(differences, sums.difference),
    meanAbsolute: figure(sums.absolute / counts.both),
    populationStability: figure(
      populationStability(countsBetween(baseline.scores, cuts), countsBetween(candidate.scores, cuts)),
    ),
    kolmogorovSmirnov: figure(distance.value),
    kolmogorovSmirnovError: figure(distance.error),
    largest: largest.kept,
    histogram: barsOf(differences, boundsOf([differences])),
  };
}
