// What the live line of a daemon says: the rate and the latency of the last interval, and the
// totals.

import { grouped } from '../base/grouped.ts';
import { type Fitting, fitParts } from './live-line.ts';
import type { Percentiles } from './stages.ts';

export interface ProgressNow {
  readonly scored: number;
  readonly deadLetters: number;
  /** Null: it is not known. */
  readonly lag: number | null;
  /** Of the last interval; no latency where nothing was answered in it. */
  readonly recordsPerSecond: number;
  readonly endToEnd: Percentiles | null;
}

/** Where there is little room, the rate and the lag stay longest. */
export function progressLine({ scored, deadLetters, recordsPerSecond, endToEnd, lag }: ProgressNow): Fitting {
  const latency = (name: 'p50' | 'p99', rank: number) =>
    endToEnd === null ? [] : [{ text: `${name} ${endToEnd[name].toFixed(1)} ms`, rank }];
  const parts = [
    { text: `${grouped(scored)} scored`, rank: 3 },
    { text: `${grouped(deadLetters)} dead letters`, rank: 4 },
    { text: `${grouped(recordsPerSecond)} records/s`, rank: 0 },
    ...latency('p50', 5),
    ...latency('p99', 2),
    { text: `lag ${lag === null ? 'not known' : grouped(lag)}`, rank: 1 },
  ];
  return (columns) => fitParts(parts, columns);
}
