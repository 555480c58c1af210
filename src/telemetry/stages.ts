// The latency of each stage, in HDR histograms: for the whole run, and for the time since the last
// report.

import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { Buckets, SECONDS_BOUNDS } from './buckets.ts';

/**
 * queue: from the arrival to the answer of the worker, without the work itself. decode, predict,
 * encode: the work in the worker, for a micro-batch. produce: until all replicas have the answers.
 * endToEnd: from the timestamp of each record until that moment.
 */
export const STAGES = ['queue', 'decode', 'predict', 'encode', 'produce', 'endToEnd'] as const;
export type Stage = (typeof STAGES)[number];

/** All times are in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

/** What one observer sees of the stages, whoever else looks. */
export interface StageWatch {
  /** Since the last call; null for a stage of which nothing was recorded. */
  take(): Record<Stage, Percentiles | null>;
  end(): void;
}

const MICROS_MAX = 24 * 3600 * 1e6;

const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: MICROS_MAX, numberOfSignificantValueDigits: 3 });

const ofEach = <T>(make: (stage: Stage) => T): Record<Stage, T> =>
  Object.fromEntries(STAGES.map((stage) => [stage, make(stage)])) as Record<Stage, T>;

export class StageHistograms {
  readonly #total = ofEach(newHistogram);
  readonly #recent = ofEach(newHistogram);
  /** For Prometheus, in seconds: these are never reset. */
  readonly buckets = ofEach(() => new Buckets(SECONDS_BOUNDS));
  /** Those of who watches all stages; nobody mostly. */
  readonly #watches = new Set<Record<Stage, Histogram>>();
  /** End to end, since it was last taken; only where somebody watches. */
  #watched: Histogram | null = null;

  /**
   * `count` records or micro-batches took `ms` milliseconds each. If clocks disagree, the time may
   * be negative: it counts as 0.
   */
  record(stage: Stage, ms: number, count = 1): void {
    const micros = Math.min(MICROS_MAX, Math.max(0, Math.round(ms * 1000)));
    this.#total[stage].recordValueWithCount(micros, count);
    this.#recent[stage].recordValueWithCount(micros, count);
    this.buckets[stage].add(micros / 1e6, count);
    if (stage === 'endToEnd') this.#watched?.recordValueWithCount(micros, count);
    for (const watch of this.#watches) watch[stage].recordValueWithCount(micros, count);
  }

  total(): Record<Stage, Percentiles> {
    return percentiles(this.#total);
  }

  /** The percentiles since the last call. */
  takeRecent(): Record<Stage, Percentiles> {
    const taken = percentiles(this.#recent);
    for (const stage of STAGES) this.#recent[stage].reset();
    return taken;
  }

  /** The latency end to end since the last call; null if nothing was recorded. */
  takeWatched(): Percentiles | null {
    this.#watched ??= newHistogram();
    const taken = this.#watched.totalCount === 0 ? null : percentilesOf(this.#watched);
    this.#watched.reset();
    return taken;
  }

  /** Begins to watch all stages, until it is ended. */
  watch(): StageWatch {
    const histograms = ofEach(newHistogram);
    this.#watches.add(histograms);
    return {
      take: () =>
        ofEach((stage) => {
          const histogram = histograms[stage];
          if (histogram.totalCount === 0) return null;
          const taken = percentilesOf(histogram);
          histogram.reset();
          return taken;
        }),
      end: () => void this.#watches.delete(histograms),
    };
  }

  /** Forgets everything. */
  reset(): void {
    for (const stage of STAGES) this.#total[stage].reset();
    this.takeRecent();
    this.#watched?.reset();
  }

  /**
   * The histograms of the whole run, in microseconds, in the format that every HdrHistogram library
   * reads: V2, compressed, in base64.
   */
  encoded(): Record<Stage, string> {
    return ofEach((stage) => encodeIntoCompressedBase64(this.#total[stage]));
  }
}

const percentiles = (histograms: Readonly<Record<Stage, Histogram>>): Record<Stage, Percentiles> =>
  ofEach((stage) => percentilesOf(histograms[stage]));

function percentilesOf(histogram: Histogram): Percentiles {
  const percentileMs = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    p50: percentileMs(50),
    p90: percentileMs(90),
    p99: percentileMs(99),
    p999: percentileMs(99.9),
    p9999: percentileMs(99.99),
    max: histogram.maxValue / 1000,
  };
}
