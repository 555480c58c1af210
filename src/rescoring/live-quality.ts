// How good the scores were that a job gave: its results joined with the labels that came later, by
// version, and by version and day.

import { compareVersions } from '../model/version-order.ts';
import { Calibration } from '../statistics/calibration.ts';
import { countDecision, type DecisionCounts, precision, recall } from '../statistics/decisions.ts';
import { areaUnderRoc, averagePrecision, groupsOfSketches, type Within } from '../statistics/ranking.ts';
import { Sketch } from '../statistics/sketch.ts';
import { LABEL, type Label } from './result-reader.ts';

/** What is known of the scores of a version, over all of the time or over one day. */
export interface QualityRow {
  readonly version: string;
  /** YYYY-MM-DD in UTC, of the timestamps of the records; null for all days together. */
  readonly day: string | null;
  readonly results: number;
  /** Of these, those that have a label; and those with the label 1. */
  readonly labelled: number;
  readonly positives: number;
  /** Null where there are no positives, or no negatives. */
  readonly areaUnderRoc: Within | null;
  readonly averagePrecision: Within | null;
  /** Of the records with a label, at the threshold; null without one, or where there are none. */
  readonly precision: number | null;
  readonly recall: number | null;
  /**
   * Means over the records with a label: Brier score, expected calibration error. Null without any.
   */
  readonly brierScore: number | null;
  readonly calibrationError: number | null;
}

class Sums {
  results = 0;
  readonly positives = new Sketch();
  readonly negatives = new Sketch();
  readonly calibration = new Calibration();
  readonly decisions: DecisionCounts = {
    ...{ truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 },
  };
}

export class LiveQuality {
  readonly #threshold: number | null;
  readonly #sums = new Map<string, Map<string | null, Sums>>();

  /** A score above the threshold is decided for. */
  constructor(threshold: number | null) {
    this.#threshold = threshold;
  }

  add(version: string, timestampMs: number, score: number, label: Label): void {
    const days = this.#sums.get(version) ?? new Map<string | null, Sums>();
    this.#sums.set(version, days);
    for (const day of [null, dayOf(timestampMs)]) {
      const sums = days.get(day) ?? new Sums();
      days.set(day, sums);
      sums.results++;
      if (label !== LABEL.positive && label !== LABEL.negative) continue;
      const isPositive = label === LABEL.positive;
      (isPositive ? sums.positives : sums.negatives).add(score);
      sums.calibration.add(score, isPositive);
      if (this.#threshold !== null) countDecision(sums.decisions, score > this.#threshold, isPositive);
    }
  }

  /** Each version as a whole, then by day. */
  rows(): QualityRow[] {
    return [...this.#sums]
      .toSorted(([one], [other]) => compareVersions(one, other))
      .flatMap(([version, days]) =>
        [...days]
          .toSorted(([one], [other]) => (one ?? '').localeCompare(other ?? ''))
          .map(([day, sums]) => this.#row(version, day, sums)),
      );
  }

  #row(version: string, day: string | null, sums: Sums): QualityRow {
    const { results, positives, negatives, calibration, decisions } = sums;
    const groups = groupsOfSketches(positives, negatives);
    const [yes, no] = [positives.count, negatives.count];
    const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
    const isDecided = this.#threshold !== null;
    return {
      ...{ version, day, results, labelled: yes + no, positives: yes },
      areaUnderRoc: yes === 0 || no === 0 ? null : areaUnderRoc(groups),
      averagePrecision: yes === 0 ? null : averagePrecision(groups),
      precision: isDecided ? known(precision(decisions)) : null,
      recall: isDecided ? known(recall(decisions)) : null,
      brierScore: known(calibration.brierScore),
      calibrationError: known(calibration.expectedError),
    };
  }
}

function dayOf(timestampMs: number): string {
  const date = new Date(timestampMs);
  return Number.isNaN(date.getTime()) ? 'no day' : date.toISOString().slice(0, 10);
}

const HEAD = [
  'version',
  'day',
  'results',
  'labelled',
  'positive',
  'AUC',
  'AP',
  'precision',
  'recall',
  'Brier',
];

/** A table for people. */
export function qualityInWords(rows: readonly QualityRow[]): string[] {
  const cell = (value: number | null | undefined): string =>
    value === null || value === undefined ? '-' : value.toFixed(4);
  const table = [
    HEAD,
    ...rows.map((row) => [
      ...[row.version, row.day ?? 'all', ...[row.results, row.labelled, row.positives].map(String)],
      ...[
        row.areaUnderRoc?.value,
        row.averagePrecision?.value,
        row.precision,
        row.recall,
        row.brierScore,
      ].map(cell),
    ]),
  ];
  const widths = HEAD.map((_, column) => Math.max(...table.map((line) => (line[column] as string).length)));
  return table.map((line) =>
    line
      .map((text, column) =>
        column < 2 ? text.padEnd(widths[column] as number) : text.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}
