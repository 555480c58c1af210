// How good the scores were, by version, for jobs that have a topic of labels.

import type { VersionQuality } from '../telemetry/quality.ts';
import type { Sample } from './collected.ts';
import type { JobGauge } from './gauges.ts';

const byVersion = (
  name: string,
  help: string,
  read: (quality: VersionQuality) => number | null,
): JobGauge => ({
  name: `scorelane_quality_${name}`,
  help,
  labels: ['version'],
  read: ({ meter }) =>
    (meter.quality?.versions ?? []).flatMap((quality): Sample[] => {
      const value = read(quality);
      return value === null ? [] : [[value, { version: quality.version }]];
    }),
});

export const QUALITY_GAUGES: readonly JobGauge[] = [
  byVersion(
    'auc',
    'Area under the ROC curve of the scores of the last labels.within that have a label.',
    ({ areaUnderRoc }) => areaUnderRoc,
  ),
  byVersion(
    'average_precision',
    'Average precision of the same scores.',
    ({ averagePrecision }) => averagePrecision,
  ),
  byVersion(
    'precision',
    'Precision at the threshold of the model, of the same.',
    ({ precision }) => precision,
  ),
  byVersion('recall', 'Recall at the threshold of the model, of the same.', ({ recall }) => recall),
  byVersion('brier_score', 'Brier score of the same.', ({ brierScore }) => brierScore),
  byVersion(
    'calibration_error',
    'Expected calibration error of the same, in ten bins.',
    ({ calibrationError }) => calibrationError,
  ),
  byVersion('results', 'Results of that time that are kept to be joined.', ({ results }) => results),
  byVersion(
    'labelled_results',
    'Those of them with a label: with few of them the others vary by chance.',
    ({ labelled }) => labelled,
  ),
  byVersion('positive_results', 'Those of them with the label 1.', ({ positives }) => positives),
  {
    name: 'scorelane_quality_sampled_share',
    help: 'The share of ids that is kept: below 1 where labels.records is not enough.',
    labels: [],
    read: ({ meter }) => (meter.quality === null ? [] : [[meter.quality.share, {}]]),
  },
  {
    name: 'scorelane_quality_unreadable_records',
    help: 'Records of the topics of results and labels that could not be read, since the start.',
    labels: [],
    read: ({ meter }) => (meter.quality === null ? [] : [[meter.quality.unreadable, {}]]),
  },
];
