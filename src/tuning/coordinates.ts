// Which keys are tried, in which order, and with which values: few, as each costs runs. What
// changes most comes first, because time may run out.

import type { Config } from '../config/schema.ts';
import type { BackendReport } from '../model/choose.ts';
import type { Coordinate, TunableSettings } from './search.ts';

/** A backend that takes so many times as long for a predict call is not tried in whole runs. */
const SLOWER_MAX = 3;
/** A step to the next value: smaller ones vanish in the noise of a machine that is in use. */
const STEP = 4;

export interface Possible {
  readonly config: Config;
  /** The worker threads of now, and the cores. */
  readonly workers: number;
  readonly cores: number;
  /** The backend of now, and those that were measured. */
  readonly backend: string;
  readonly backends: readonly BackendReport[];
  /** Partitions that can be worked on at once; null where threads may share a partition. */
  readonly lanes: number | null;
  /** Whether `tune` may change the key. */
  readonly isFree: (key: string) => boolean;
}

/** The values of now of all keys that may be tried. */
export const startOf = ({ config, workers, backend }: Possible): TunableSettings => ({
  'scoring.workers': workers,
  'model.backend': backend,
  'scoring.predictRecords': config.scoring.predictRecords,
  'microBatch.records': config.microBatch.records,
  'lanes.inFlight': config.lanes.inFlight,
  'microBatch.linger': config.microBatch.linger,
});

/** Every key with more than one value, the most telling first. */
export function coordinatesFor(possible: Possible): Coordinate[] {
  const { config, cores, lanes, backends, isFree } = possible;
  const { scoring, microBatch } = config;
  const threads = [1, Math.ceil(cores / 2), cores - 1, cores].filter((count) => count > 0);
  const useful = threads.filter((count) => lanes === null || count <= lanes);
  const measured = backends.filter(({ missing }) => missing === null);
  const fastest = Math.min(...measured.map(({ microsPerRecord }) => microsPerRecord ?? 0));
  const all: Coordinate[] = [
    { key: 'scoring.workers', values: [...new Set(useful)] },
    {
      key: 'model.backend',
      values: measured
        .filter(({ microsPerRecord }) => (microsPerRecord ?? 0) <= fastest * SLOWER_MAX)
        .map(({ backend }) => backend),
    },
    { key: 'scoring.predictRecords', values: around(scoring.predictRecords, 64, 16_384) },
    { key: 'microBatch.records', values: around(microBatch.records, 256, 65_536) },
    { key: 'lanes.inFlight', values: [2, 8] },
    { key: 'microBatch.linger', values: [0] },
  ];
  const start = startOf(possible);
  return all
    .map(({ key, values }) => ({ key, values: values.filter((value) => value !== start[key]) }))
    .filter(({ key, values }) => values.length > 0 && isFree(key));
}

const around = (value: number, least: number, most: number): number[] =>
  [value / STEP, value * STEP].map(Math.round).filter((each) => each >= least && each <= most);
