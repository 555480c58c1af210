// A report for people at a terminal.

import { grouped } from '../base/grouped.ts';
import type {
  DifferenceReport,
  LabelledFigures,
  ReplayReport,
  ScoreSpread,
  VersionReport,
} from './report.ts';
import { atLeast, inDigits, legibleId, nameOfVersion, percentOf, withError } from './report-words.ts';

const lettersOf = ({ deadLetters }: VersionReport): string => {
  const codes = Object.entries(deadLetters);
  if (codes.length === 0) return 'no dead letters';
  const sum = codes.reduce((all, [, count]) => all + count, 0);
  return `${grouped(sum)} dead letters: ${codes.map(([code, count]) => `${code} ${grouped(count)}`).join(', ')}`;
};

const spreadInWords = ({ mean, min, max, percentiles }: ScoreSpread): string =>
  [
    `mean ${inDigits(mean)}`,
    `min ${inDigits(min)}`,
    ...Object.entries(percentiles).map(([name, value]) => `${name} ${inDigits(value)}`),
    `max ${inDigits(max)}`,
  ].join(', ');

function versionInWords(report: VersionReport, score: string): string[] {
  const { backend, scored, scores, threshold, decidedFor, labelled } = report;
  return [
    `${nameOfVersion(report)} on ${backend}: ${grouped(scored)} scored, ${lettersOf(report)}`,
    `  ${score}: ${spreadInWords(scores)}`,
    ...(threshold === null
      ? []
      : [`  above ${inDigits(threshold)}: ${grouped(decidedFor ?? 0)}${percentOf(decidedFor ?? 0, scored)}`]),
    ...(labelled === null ? [] : [`  ${labelledInWords(labelled)}`]),
  ];
}

const labelledInWords = (labelled: LabelledFigures): string =>
  [
    `${grouped(labelled.positives)} with the label, ${grouped(labelled.negatives)} without`,
    `AUC ${withError(labelled.auc, labelled.aucError)}`,
    `average precision ${withError(labelled.averagePrecision, labelled.averagePrecisionError)}`,
    ...(labelled.precision === null && labelled.recall === null
      ? []
      : [`precision ${inDigits(labelled.precision)}`, `recall ${inDigits(labelled.recall)}`]),
  ].join(', ');

function differenceInWords(report: DifferenceReport, names: string): string[] {
  const { both, equal, flipsUp, flipsDown, candidateOnly, baselineOnly } = report;
  const flips =
    flipsUp === null || flipsDown === null
      ? 'decisions: no threshold is known (--threshold)'
      : `decisions that flip: ${grouped(flipsUp + flipsDown)}${percentOf(flipsUp + flipsDown, both)}, ` +
        `${grouped(flipsUp)} up, ${grouped(flipsDown)} down`;
  return [
    `${names}: ${grouped(both)} scored by both, of which ${grouped(equal)} equal to the bit${percentOf(equal, both)}; ` +
      `${grouped(candidateOnly)} and ${grouped(baselineOnly)} by one of them alone`,
    `  ${flips}`,
    `  difference: ${spreadInWords(report.difference)}; mean of its absolute value ${inDigits(report.meanAbsolute)}`,
    `  population stability index ${inDigits(report.populationStability)}, ` +
      `Kolmogorov-Smirnov ${atLeast(report.kolmogorovSmirnov, report.kolmogorovSmirnovError)}`,
    ...(report.largest.length === 0 ? [] : ['  the largest differences:', ...tableOf(report)]),
  ];
}

function tableOf({ largest }: DifferenceReport): string[] {
  const hasIds = largest.some(({ id }) => id !== null);
  const rows = [
    ['partition', 'offset', ...(hasIds ? ['id'] : []), 'candidate', 'baseline', 'difference'],
    ...largest.map(({ partition, offset, id, candidate, baseline }) => [
      String(partition),
      String(offset),
      ...(hasIds ? [legibleId(id)] : []),
      inDigits(candidate),
      inDigits(baseline),
      inDigits(candidate - baseline),
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows.map(
    (row) => `    ${row.map((cell, column) => cell.padStart(widths[column] as number)).join('  ')}`,
  );
}

function leftOut({ skipped, gone }: ReplayReport): string {
  const of = [
    ...(skipped > 0 ? [`, ${grouped(skipped)} skipped`] : []),
    ...(gone > 0 ? [`, ${grouped(gone)} offsets gone from the log before they were read`] : []),
  ];
  return of.join('');
}

export function reportInWords(report: ReplayReport): string[] {
  const { candidate, baseline, comparison, labels, score } = report;
  const read = report.partitions.filter(({ from, until }) => until > from).length;
  return [
    `${grouped(report.records)} records of ${report.topic} (${read} of ${report.partitions.length} partitions, ` +
      `from ${report.from} to ${report.to})` +
      `${leftOut(report)}, in ${report.seconds.toFixed(1)} s: ` +
      `${grouped(report.recordsPerSecond ?? 0)} records/s`,
    ...versionInWords(candidate, score),
    ...(baseline === null ? [] : versionInWords(baseline, score)),
    ...(comparison === null || baseline === null
      ? []
      : differenceInWords(comparison, `${nameOfVersion(candidate)} against ${nameOfVersion(baseline)}`)),
    ...(labels === null || labels.absent + labels.unreadable === 0
      ? []
      : [
          `labels: ${grouped(labels.absent)} records have none` +
            `${labels.unreadable > 0 ? `, and ${grouped(labels.unreadable)} one that is neither 0 nor 1, true nor false` : ''}`,
        ]),
  ];
}
