// The live line and the line in the log every few seconds.

import type { Driver } from '../engine/driver.ts';
import { heldBytes } from '../engine/lane.ts';
import { explainPace } from '../engine/pace.ts';
import type { EngineState } from '../engine/state.ts';
import type { RecordCounts } from '../scoring/record-counts.ts';
import type { DaemonCounts } from '../telemetry/daemon-counts.ts';
import type { LiveLine } from '../telemetry/live-line.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { progressLine } from '../telemetry/progress.ts';
import type { Percentiles, Stage } from '../telemetry/stages.ts';
import { every } from '../time/timer.ts';

/** Records in the log that are not committed yet, over all lanes. */
export function lag({ lanes }: EngineState): number {
  let sum = 0;
  for (const { highWatermark, ledger } of lanes.values())
    sum += Math.max(0, highWatermark - ledger.committed);
  return sum;
}

const held = ({ lanes }: EngineState): number => {
  let sum = 0;
  for (const lane of lanes.values()) sum += heldBytes(lane);
  return sum;
};

/**
 * What is logged every few seconds, as the line `report`. Latencies and rate are of the time since
 * the last one.
 */
export interface Report extends RecordCounts, DaemonCounts {
  readonly deadLetterCodes: Meter['deadLetterCodes'];
  readonly windows: Meter['windows'];
  readonly recordsPerSecond: number;
  /** Null while partitions are waited for: then it is not known. */
  readonly lag: number | null;
  /**
   * Record batches in mailboxes and in flight, and the resident, V8 and other memory of the
   * process.
   */
  readonly heldBytes: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly tensors: number;
  /** How long the source rests after a fetch, and why. */
  readonly pace: string;
  readonly latencyMs: Record<Stage, Percentiles>;
}

/** Begins to log reports; returns what ends it. */
export function logReports(
  logger: Logger,
  meter: Meter,
  lagNow: () => number | null,
  driver: Driver,
  everyMs: number,
): () => void {
  const rate = new Rate(meter);
  return every(everyMs, () => {
    const { records, deadLetterCodes, windows, daemon, stages, threads } = meter;
    const { rss, heapUsed } = process.memoryUsage();
    const report: Report = {
      ...records,
      deadLetterCodes,
      windows,
      ...daemon,
      recordsPerSecond: rate.measure(),
      lag: lagNow(),
      heldBytes: held(driver.state),
      residentBytes: rss,
      heapBytes: heapUsed,
      tensors: threads.tensors,
      pace: explainPace(driver.state.pace, driver.state.limits.latencyTargetMs),
      latencyMs: stages.takeRecent(),
    };
    logger.info(report, 'report');
  });
}

/** How often the live line is drawn, and of how long an interval it tells. */
const LIVE_EVERY_MS = 500;

/**
 * Begins to show the live line, if there is a terminal; returns what ends it. Of several jobs it
 * shows the sums, and the latencies of the slowest.
 */
export function showProgress(
  line: LiveLine,
  meters: readonly Meter[],
  lagNow: () => number | null,
): () => void {
  if (!line.isShown) return () => {};
  const rates = meters.map((meter) => new Rate(meter));
  const slowest = (): Percentiles | null =>
    meters
      .map(({ stages }) => stages.takeWatched())
      .reduce((worst, each) => (each !== null && each.p99 > (worst?.p99 ?? 0) ? each : worst), null);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  slowest();
  const stop = every(LIVE_EVERY_MS, () => {
    line.show(
      progressLine({
        scored: sum(meters.map(({ records }) => records.scored)),
        deadLetters: sum(meters.map(({ records }) => records.deadLetters)),
        recordsPerSecond: sum(rates.map((rate) => rate.measure())),
        endToEnd: slowest(),
        lag: lagNow(),
      }),
    );
  });
  return () => {
    stop();
    line.end();
  };
}

/** Records a second since it was asked last. */
class Rate {
  readonly #meter: Meter;
  #atMs = performance.now();
  #records = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  measure(): number {
    const nowMs = performance.now();
    const records = this.#meter.answered;
    const rate = ((records - this.#records) * 1000) / Math.max(1, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#records = records;
    return Math.round(rate);
  }
}
