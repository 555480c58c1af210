// The gauges of a job and of its partitions, as tables. They are read from the state of the engine.

import { budgetBytes, laneShareBytes } from '../engine/credits.ts';
import { heldBytes, type Lane } from '../engine/lane.ts';
import type { EngineState } from '../engine/state.ts';
import { busyVersions } from '../versions/model-versions.ts';
import type { Sample } from './collected.ts';
import type { RunningNow } from './job.ts';

export interface JobGauge {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (job: RunningNow) => readonly Sample[];
}

export interface LaneGauge {
  readonly name: string;
  readonly help: string;
  readonly read: (lane: Lane, engine: EngineState) => number;
}

const PHASES = ['running', 'settling', 'halted', 'restoring'] as const;

const sum = ({ lanes }: EngineState, read: (lane: Lane) => number): number => {
  let total = 0;
  for (const lane of lanes.values()) total += read(lane);
  return total;
};

const gauge = (name: string, help: string, read: (job: RunningNow) => number): JobGauge => ({
  name: `scorelane_${name}`,
  help,
  labels: [],
  read: (job) => [[read(job), {}]],
});

export const JOB_GAUGES: readonly JobGauge[] = [
  {
    name: 'scorelane_lag_records',
    help: 'Records in the log that are not committed yet; absent while it is not known.',
    labels: [],
    read: ({ lag }) => (lag === null ? [] : [[lag, {}]]),
  },
  {
    name: 'scorelane_partitions',
    help: 'Partitions that are owned, by the phase of their lane.',
    labels: ['phase'],
    read: ({ engine }) =>
      PHASES.map((phase) => [sum(engine, (lane) => Number(lane.phase === phase)), { phase }] as const),
  },
  gauge(
    'partitions_paused',
    'Partitions that are not fetched: their lane holds enough, or the job is paused.',
    ({ engine }) => sum(engine, ({ paused }) => Number(paused)),
  ),
  gauge('partitions_in_trouble', 'Partitions whose lane cannot advance.', ({ engine }) =>
    sum(engine, ({ trouble }) => Number(trouble !== undefined)),
  ),
  gauge('job_paused', '1 while somebody has paused the job.', ({ engine }) => Number(engine.isHeld)),
  gauge('held_bytes', 'Bytes of record batches in mailboxes and in flight.', ({ engine }) =>
    sum(engine, heldBytes),
  ),
  gauge('budget_bytes', 'Bytes that may be in mailboxes and in flight.', ({ engine }) => budgetBytes(engine)),
  gauge('waiting_records', 'Records in mailboxes.', ({ engine }) =>
    sum(engine, ({ mailbox }) => mailbox.records),
  ),
  gauge('in_flight_micro_batches', 'Micro-batches that are scored or produced now.', ({ engine }) =>
    sum(engine, ({ ledger }) => ledger.inFlight),
  ),
  gauge(
    'scoring_micro_batches',
    'Micro-batches that are with worker threads now.',
    ({ engine }) => engine.scoring.size,
  ),
  {
    name: 'scorelane_job_info',
    help: 'What the job serves: 1, with the model and its version, and the backend.',
    labels: ['model', 'backend'],
    read: ({ model, backend }) => [[1, { model, backend }]],
  },
  {
    name: 'scorelane_model_version',
    help: '1 for each version of the model that is serving, loaded, building, loading, fetching, or was refused (the highest five).',
    labels: ['version', 'state'],
    read: ({ versions }) =>
      busyVersions(versions).map(({ version, state }) => [1, { version, state }] as const),
  },
  gauge(
    'model_version_unmet',
    '1 while another version shall serve than the one that does, or the one that shall is not there.',
    ({ versions: { serving, wanted } }) => Number(serving !== wanted),
  ),
];

export const LANE_GAUGES: readonly LaneGauge[] = [
  {
    name: 'scorelane_partition_lag_records',
    help: 'Records of the partition that are not committed yet.',
    read: ({ highWatermark, ledger }) => Math.max(0, highWatermark - ledger.committed),
  },
  {
    name: 'scorelane_partition_committed_offset',
    help: 'The offset where a restart would begin.',
    read: ({ ledger }) => ledger.committed,
  },
  {
    name: 'scorelane_partition_position_offset',
    help: 'The next offset to fetch.',
    read: ({ position }) => position,
  },
  {
    name: 'scorelane_partition_end_offset',
    help: 'The end of the partition, as last told by the log.',
    read: ({ highWatermark }) => highWatermark,
  },
  {
    name: 'scorelane_partition_epoch',
    help: 'The number of the ownership: it grows when the partition is assigned anew or its lane begins again.',
    read: ({ epoch }) => epoch,
  },
  {
    name: 'scorelane_partition_mailbox_records',
    help: 'Records that wait in the mailbox.',
    read: ({ mailbox }) => mailbox.records,
  },
  {
    name: 'scorelane_partition_mailbox_bytes',
    help: 'Bytes that wait in the mailbox.',
    read: ({ mailbox }) => mailbox.bytes,
  },
  {
    name: 'scorelane_partition_in_flight_micro_batches',
    help: 'Micro-batches of the partition that are scored or produced now.',
    read: ({ ledger }) => ledger.inFlight,
  },
  {
    name: 'scorelane_partition_in_flight_bytes',
    help: 'Bytes of those micro-batches.',
    read: ({ ledger }) => ledger.bytes,
  },
  {
    name: 'scorelane_partition_credits_bytes',
    help: 'Bytes that the lane may still take; below one fetch it is paused.',
    read: (lane, engine) => Math.max(0, laneShareBytes(engine) - heldBytes(lane)),
  },
  {
    name: 'scorelane_partition_paused',
    help: '1 while the partition is not fetched.',
    read: ({ paused }) => Number(paused),
  },
];
