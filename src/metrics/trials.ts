// What Prometheus is told of versions that are tried as shadow or canary. The series of a trial end
// with it.

import { shiftOf, type TrialSeen, triedVersion } from '../telemetry/trial-meter.ts';
import type { Sample } from './collected.ts';
import type { JobCounter } from './counters.ts';
import type { RunningNow } from './job.ts';

const LABELS = ['kind', 'version'] as const;
const MS_PER_S = 1_000;
const QUANTILES = [0.5, 0.9, 0.99] as const;

type Labelled = Sample[1];

const samples =
  (read: (seen: TrialSeen, labels: Labelled) => readonly Sample[]) =>
  ({ meter }: RunningNow): readonly Sample[] =>
    meter.trials.all.flatMap((seen) => read(seen, { kind: seen.kind, version: triedVersion(seen) }));

const one = (name: string, help: string, read: (seen: TrialSeen) => number): JobCounter => ({
  name: `scorelane_trial_${name}`,
  help,
  labels: LABELS,
  read: samples((seen, labels) => [[read(seen), labels]]),
});

export const TRIAL_COUNTERS: readonly JobCounter[] = [
  one('records_total', 'Records that the version which is tried has scored.', ({ records }) => records),
  one(
    'skipped_records_total',
    'Records that a shadow was not given, as its share of the time was used up.',
    ({ skipped }) => skipped,
  ),
  one(
    'failed_records_total',
    'Records for which it threw or gave no finite number; those of a canary are scored by the version that serves.',
    ({ failures }) => failures,
  ),
  one('predict_seconds_total', 'Time of its predictions.', ({ predictMs }) => predictMs / MS_PER_S),
  one(
    'serving_records_total',
    'Records that the version that serves has scored beside it.',
    ({ servingRecords }) => servingRecords,
  ),
  one('serving_predict_seconds_total', 'Time of those predictions.', ({ servingMs }) => servingMs / MS_PER_S),
  {
    name: 'scorelane_trial_decisions_total',
    help: 'What a shadow decides (the first flag of the results), beside what the version that serves decides.',
    labels: [...LABELS, 'tried', 'serving'],
    read: samples(({ kind, decisions }, labels) =>
      kind === 'canary'
        ? []
        : decisions.map((count, cell) => [
            count,
            { ...labels, tried: String(cell % 2 === 1), serving: String(cell >= 2) },
          ]),
    ),
  },
];

export const TRIAL_GAUGES: readonly JobCounter[] = [
  {
    name: 'scorelane_trial_score_shift',
    help: 'How far its scores are from those of the version that serves, as PSI; more than 0.25 is taken for a large change.',
    labels: LABELS,
    read: samples((seen, labels) => {
      const shift = shiftOf(seen);
      return Number.isNaN(shift) ? [] : [[shift, labels]];
    }),
  },
  {
    name: 'scorelane_trial_score_difference',
    help: 'Of a shadow: how far its score is from the one that was given, without sign; quantiles since the trial began.',
    labels: [...LABELS, 'quantile'],
    read: samples(({ differences }, labels) =>
      differences.count === 0
        ? []
        : [
            ...QUANTILES.map(
              (share) => [differences.quantile(share), { ...labels, quantile: String(share) }] as const,
            ),
            [differences.max, { ...labels, quantile: '1' }],
          ],
    ),
  },
];
