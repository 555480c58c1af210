// How far features and outputs have moved from what the model was made with.

import type { ColumnDrift } from '../telemetry/drift-meter.ts';
import type { Sample } from './collected.ts';
import type { JobGauge } from './gauges.ts';
import type { RunningNow } from './job.ts';

const byColumn = (value: (column: ColumnDrift) => number) => (job: RunningNow) =>
  job.meter.drift
    .readings(performance.now())
    .flatMap(({ version, columns }) =>
      columns
        .filter((column) => !Number.isNaN(value(column)))
        .map((each): Sample => [value(each), { version, kind: each.kind, column: each.column }]),
    );

export const DRIFT_GAUGES: readonly JobGauge[] = [
  {
    name: 'scorelane_drift_psi',
    help: 'Population stability index of a feature or output against the distribution of the model, over drift.window.',
    labels: ['version', 'kind', 'column'],
    read: byColumn(({ psi }) => psi),
  },
  {
    name: 'scorelane_drift_ks',
    help: 'The same by the distance of Kolmogorov and Smirnov, from 0 to 1.',
    labels: ['version', 'kind', 'column'],
    read: byColumn(({ ks }) => ks),
  },
  {
    name: 'scorelane_drift_records',
    help: 'Sampled records in that window: with few of them the other two are large by chance.',
    labels: ['version'],
    read: ({ meter }) =>
      meter.drift.readings(performance.now()).map(({ version, records }) => [records, { version }] as const),
  },
];
