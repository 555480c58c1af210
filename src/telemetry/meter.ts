// Counts and times what the engine does. One meter a daemon.

import { type Percentiles, type Stage, StageHistograms } from './stages.ts';

/** What --summary writes. */
export interface Summary {
  readonly scored: number;
  readonly deadLetters: number;
  readonly microBatches: number;
  /** Scored again or read again: work that was given up when a lane ended or a worker died. */
  readonly abandonedMicroBatches: number;
  readonly threadsLost: number;
  /** From the first micro-batch to the last acknowledgement. */
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** Process time, all threads. */
  readonly cpuMicrosPerRecord: number;
  readonly mainThreadCpuMicrosPerRecord: number;
  readonly peakResidentBytes: number;
  readonly latencyMs: Record<Stage, Percentiles>;
  readonly backend: string;
  readonly model: string;
  readonly versions: Record<string, string>;
}

export interface Scored {
  readonly scored: number;
  readonly deadLetters: number;
  readonly timestamps: { readonly timestampsMs: readonly number[]; readonly counts: readonly number[] };
  readonly decodeMs: number;
  readonly predictMs: number;
  readonly encodeMs: number;
}

export class Meter {
  readonly stages = new StageHistograms();
  scored = 0;
  deadLetters = 0;
  microBatches = 0;
  abandonedMicroBatches = 0;
  threadsLost = 0;
  #firstMs = 0;
  #lastMs = 0;
  #cpuAtFirst = process.cpuUsage();
  #mainAtFirst = process.threadCpuUsage();
  #cpuMicros = 0;
  #mainMicros = 0;

  /** A micro-batch came back from the scorer, `waitedMs` after its oldest record batch had arrived. */
  microBatchScored({ decodeMs, predictMs, encodeMs }: Scored, waitedMs: number): void {
    if (this.microBatches === 0) {
      this.#firstMs = performance.now() - waitedMs;
      this.#cpuAtFirst = process.cpuUsage();
      this.#mainAtFirst = process.threadCpuUsage();
    }
    this.microBatches++;
    this.stages.record('queue', waitedMs - decodeMs - predictMs - encodeMs);
    this.stages.record('decode', decodeMs);
    this.stages.record('predict', predictMs);
    this.stages.record('encode', encodeMs);
  }

  /** Its results and dead letters were acknowledged, at `wallMs` by the clock that record timestamps are made with. */
  microBatchAcknowledged(
    { scored, deadLetters, timestamps }: Scored,
    producedInMs: number,
    wallMs: number,
  ): void {
    this.scored += scored;
    this.deadLetters += deadLetters;
    this.#lastMs = performance.now();
    const cpu = process.cpuUsage(this.#cpuAtFirst);
    const main = process.threadCpuUsage(this.#mainAtFirst);
    this.#cpuMicros = cpu.user + cpu.system;
    this.#mainMicros = main.user + main.system;
    this.stages.record('produce', producedInMs);
    for (let run = 0; run < timestamps.counts.length; run++) {
      this.stages.record(
        'endToEnd',
        wallMs - (timestamps.timestampsMs[run] as number),
        timestamps.counts[run],
      );
    }
  }

  summary(about: Pick<Summary, 'backend' | 'model' | 'versions'>): Summary {
    const records = this.scored + this.deadLetters;
    const seconds = Math.max(0, this.#lastMs - this.#firstMs) / 1000;
    const each = (value: number): number => (records === 0 ? 0 : round(value / records));
    return {
      scored: this.scored,
      deadLetters: this.deadLetters,
      microBatches: this.microBatches,
      abandonedMicroBatches: this.abandonedMicroBatches,
      threadsLost: this.threadsLost,
      seconds: round(seconds),
      recordsPerSecond: seconds === 0 ? 0 : Math.round(records / seconds),
      cpuMicrosPerRecord: each(this.#cpuMicros),
      mainThreadCpuMicrosPerRecord: each(this.#mainMicros),
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
      latencyMs: this.stages.total(),
      ...about,
    };
  }
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
