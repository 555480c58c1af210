// The live line and the line in the log every few seconds.

import type { Driver } from '../engine/driver.ts';
import type { EngineState } from '../engine/state.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { Progress } from '../telemetry/progress.ts';

/** Records that the log holds and that are not committed yet, over all lanes. */
export function lag({ lanes }: EngineState): number {
  let sum = 0;
  for (const { highWatermark, ledger } of lanes.values())
    sum += Math.max(0, highWatermark - ledger.committed);
  return sum;
}

/** Begins to report; returns what ends it. */
export function reporting(
  logger: Logger,
  meter: Meter,
  driver: Driver,
  progress: Progress,
  reportEveryMs: number,
): () => void {
  const live = new Rate(meter);
  const logged = new Rate(meter);
  const showing = setInterval(() => {
    const { scored, deadLetters } = meter;
    const { endToEnd } = meter.stages.total();
    progress.show({ scored, deadLetters, recordsPerSecond: live.take(), endToEnd, lag: lag(driver.state) });
  }, progress.everyMs);
  const logging = setInterval(() => {
    const { scored, deadLetters } = meter;
    const latencyMs = meter.stages.takeRecent();
    logger.info(
      { scored, deadLetters, recordsPerSecond: logged.take(), lag: lag(driver.state), latencyMs },
      'report',
    );
  }, reportEveryMs);
  return () => {
    clearInterval(showing);
    clearInterval(logging);
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

  take(): number {
    const nowMs = performance.now();
    const records = this.#meter.scored + this.#meter.deadLetters;
    const rate = ((records - this.#records) * 1000) / Math.max(1, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#records = records;
    return Math.round(rate);
  }
}
