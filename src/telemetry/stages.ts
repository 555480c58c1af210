// Latency by stage, in HDR histograms: of the whole run, and of the time since the last report.

import { build, type Histogram } from 'hdr-histogram-js';

/**
 * queue: from arrival to an answer, less the work itself. decode, predict, encode: in the worker, a micro-batch.
 * produce: until all replicas have it. endToEnd: from each record's timestamp until then.
 */
export const STAGES = ['queue', 'decode', 'predict', 'encode', 'produce', 'endToEnd'] as const;
export type Stage = (typeof STAGES)[number];

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const MICROS_MAX = 24 * 3600 * 1e6;

const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: MICROS_MAX, numberOfSignificantValueDigits: 3 });

export class StageHistograms {
  readonly #total = new Map(STAGES.map((stage) => [stage, newHistogram()]));
  readonly #recent = new Map(STAGES.map((stage) => [stage, newHistogram()]));

  /** Records that `count` things took `ms` milliseconds each. Clocks that disagree may give a negative one: it counts as 0. */
  record(stage: Stage, ms: number, count = 1): void {
    const micros = Math.min(MICROS_MAX, Math.max(0, Math.round(ms * 1000)));
    this.#total.get(stage)?.recordValueWithCount(micros, count);
    this.#recent.get(stage)?.recordValueWithCount(micros, count);
  }

  total(): Record<Stage, Percentiles> {
    return percentiles(this.#total);
  }

  /** Since the last call. */
  takeRecent(): Record<Stage, Percentiles> {
    const taken = percentiles(this.#recent);
    for (const histogram of this.#recent.values()) histogram.reset();
    return taken;
  }
}

const percentiles = (histograms: ReadonlyMap<Stage, Histogram>): Record<Stage, Percentiles> =>
  Object.fromEntries(
    [...histograms].map(([stage, histogram]) => [
      stage,
      {
        p50: histogram.getValueAtPercentile(50) / 1000,
        p99: histogram.getValueAtPercentile(99) / 1000,
        p999: histogram.getValueAtPercentile(99.9) / 1000,
        max: histogram.maxValue / 1000,
      },
    ]),
  ) as Record<Stage, Percentiles>;
