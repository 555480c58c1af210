// The counters of a job, as a table: name, what it counts, and where its values are.

import { CODES } from '../features/rejection.ts';
import { WINDOW_COUNTS } from '../features/window-counts.ts';
import { FLOW_COUNTS, type FlowCount } from '../telemetry/flow.ts';
import type { Sample } from './collected.ts';
import type { RunningNow } from './job.ts';

export interface JobCounter {
  readonly name: string;
  readonly help: string;
  /** Besides `job`. */
  readonly labels: readonly string[];
  readonly read: (job: RunningNow) => readonly Sample[];
}

const counter = (name: string, help: string, read: (job: RunningNow) => number): JobCounter => ({
  name: `scorelane_${name}_total`,
  help,
  labels: [],
  read: (job) => [[read(job), {}]],
});

const flow = (name: string, count: FlowCount): JobCounter =>
  counter(name, `Count of ${FLOW_COUNTS[count]}.`, ({ meter }) => meter.flow.counts[count]);

const windows = (name: string, count: keyof typeof WINDOW_COUNTS): JobCounter =>
  counter(name, `Count of ${WINDOW_COUNTS[count].replaceAll('`', '')}.`, ({ meter }) => meter.windows[count]);

export const COUNTERS: readonly JobCounter[] = [
  counter('records_scored', 'Records whose result is acknowledged.', ({ meter }) => meter.records.scored),
  {
    name: 'scorelane_dead_letters_total',
    help: 'Records whose dead letter is acknowledged, by the code that says why.',
    labels: ['code'],
    // All codes from the start: a rate cannot see the first step of a series that begins with it.
    read: ({ meter }) => CODES.map((code) => [meter.deadLetterCodes[code] ?? 0, { code }] as const),
  },
  counter(
    'records_skipped',
    'Records that have no answer: tombstones and what input.only leaves out.',
    ({ meter }) => meter.records.skipped,
  ),
  counter(
    'records_unplaced',
    'Of the dead letters, records in another partition than their key says.',
    ({ meter }) => meter.records.unplaced,
  ),
  {
    name: 'scorelane_micro_batches_total',
    help: 'Micro-batches that were scored, by why they were closed: full, linger, drain.',
    labels: ['cause'],
    read: ({ meter }) =>
      Object.entries(meter.flow.microBatches).map(([cause, count]) => [count, { cause }] as const),
  },
  counter(
    'micro_batches_abandoned',
    'Micro-batches given up in flight; they are scored again.',
    ({ meter }) => meter.daemon.abandonedMicroBatches,
  ),
  {
    name: 'scorelane_lane_retries_total',
    help: 'Times that a lane could not advance and tries again, by the code of the error.',
    labels: ['code'],
    read: ({ meter }) => [...meter.flow.retries].map(([code, count]) => [count, { code }] as const),
  },
  flow('lane_pauses', 'pauses'),
  flow('rebalances', 'rebalances'),
  flow('partition_losses', 'losses'),
  flow('stalls', 'stalls'),
  flow('commits', 'commits'),
  counter(
    'commit_failures',
    'Commits of offsets that failed and are tried again.',
    ({ meter }) => meter.daemon.commitsFailed,
  ),
  counter(
    'partitions_remade',
    'Partitions whose topic was deleted and made again.',
    ({ meter }) => meter.daemon.partitionsRemade,
  ),
  counter(
    'model_version_switches',
    'Times that another version of the model took over.',
    ({ meter }) => meter.daemon.versionsSwitched,
  ),
  counter(
    'model_canaries_taken_back',
    'Canaries that were taken back: they failed, were slow or scored otherwise.',
    ({ meter }) => meter.daemon.canariesTakenBack,
  ),
  counter(
    'model_versions_refused',
    'Versions of the model that were tried and cannot serve.',
    ({ meter }) => meter.daemon.versionsRefused,
  ),
  counter(
    'model_source_failures',
    'Times that the server of model.source did not give its index, or an archive.',
    ({ meter }) => meter.daemon.sourceFailures,
  ),
  windows('window_late_records', 'late'),
  windows('window_forgotten_keys', 'forgotten'),
  windows('window_hurried_records', 'hurried'),
  windows('window_ahead_records', 'ahead'),
];
