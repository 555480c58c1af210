// What a run has measured, and what several runs of the same settings say together.

import { median } from '../base/median.ts';

export interface RunFigures {
  /** While records always waited. */
  readonly recordsPerSecond: number;
  /** CPU time of the whole process, in microseconds, at that load. */
  readonly cpuMicrosPerRecord: number;
  /** The share of that time in which the main thread was not idle, from 0 to 1. */
  readonly mainThreadShare: number;
  /** From a record's time to its acknowledged result, at the paced rate, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const NAMES = [
  'recordsPerSecond',
  'cpuMicrosPerRecord',
  'mainThreadShare',
  'p50Ms',
  'p99Ms',
] as const satisfies readonly (keyof RunFigures)[];

/** Figure by figure; at least one run. */
export const mediansOf = (runs: readonly RunFigures[]): RunFigures =>
  Object.fromEntries(
    NAMES.map((name) => [name, median(runs.map((run) => run[name]))]),
  ) as unknown as RunFigures;
