// Counts the work of the engine, and measures its times. There is one meter for each daemon.

import { increase, zero } from '../base/counts.ts';
import type { Code } from '../features/rejection.ts';
import { NO_WINDOWS, WINDOW_COUNTS, type WindowCounts } from '../features/window-counts.ts';
import { addCodes, type DeadLetterCodes, NO_CODES } from '../scoring/dead-letter-codes.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { NO_RECORDS, RECORD_COUNTS, type RecordCounts } from '../scoring/record-counts.ts';
import { DAEMON_COUNTS, type DaemonCounts } from './daemon-counts.ts';
import { type CountsTold, DriftMeter } from './drift-meter.ts';
import { Flow } from './flow.ts';
import type { QualityTold } from './quality.ts';
import { type Percentiles, type Stage, StageHistograms } from './stages.ts';
import { ThreadMeter, type ThreadSummary, type ThreadTold } from './threads.ts';
import { TrialMeter } from './trial-meter.ts';

/**
 * What --summary writes. Rates, CPU time and latencies are for the measured time: from the end of
 * the warm-up on.
 */
export interface Summary extends RecordCounts, DaemonCounts {
  readonly deadLetterCodes: DeadLetterCodes;
  readonly windows: WindowCounts;
  /** From the start of the process to the first acknowledged result. */
  readonly firstResultAfterMs: number;
  /**
   * From an assignment to the first acknowledged result of a partition that was new in it: the
   * slowest partition of each assignment.
   */
  readonly assignedToFirstResultMs: readonly number[];
  /** Records in the measured time: from its first micro-batch to its last acknowledgement. */
  readonly measured: number;
  readonly seconds: number;
  /** Since the meter was made, which is when the daemon starts. */
  readonly wallSeconds: number;
  /** Of that, the time in which at least one micro-batch waited, was scored or was produced. */
  readonly activeSeconds: number;
  /** When the measured time began and ended, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly recordsPerSecond: number;
  /** CPU time of the process, for all threads together. */
  readonly cpuMicrosPerRecord: number;
  readonly mainThreadCpuMicrosPerRecord: number;
  /** The share of the measured time in which the main thread was not idle, from 0 to 1. */
  readonly mainThreadUtilisation: number;
  readonly workers: readonly ThreadSummary[];
  readonly peakResidentBytes: number;
  readonly latencyMs: Record<Stage, Percentiles>;
  /** HDR histograms of the same latencies, in microseconds (V2, compressed, base64). */
  readonly histograms: Record<Stage, string>;
  readonly backend: string;
  readonly model: string;
  readonly versions: Record<string, string>;
}

export type Scored = Omit<Outcome, 'outputs' | 'resultBatches' | 'refusal' | 'deadLetterOffsets' | 'traced'>;

/** Where the last dead letter of a code came from. What it holds is nobody's business here. */
export interface LastLetter extends Pick<LaneAddress, 'topic' | 'partition'> {
  readonly offset: number;
  /** When it was acknowledged. */
  readonly wallMs: number;
}

/**
 * To read the CPU time of the process costs some microseconds: too much for every acknowledgement.
 */
const CPU_EVERY_MS = 20;
/** How many of the last assignments are kept: a daemon may have many. */
const ASSIGNMENTS_MAX = 100;

export class Meter {
  readonly stages = new StageHistograms();
  readonly threads = new ThreadMeter();
  readonly flow = new Flow();
  /** Of versions that are tried. */
  readonly trials = new TrialMeter();
  readonly drift = new DriftMeter();
  /** By late labels; null where there are none, or where nothing was told yet. */
  quality: QualityTold | null = null;
  readonly #warmUpMs: number;
  records = { ...NO_RECORDS };
  deadLetterCodes: DeadLetterCodes = NO_CODES;
  readonly lastLetters = new Map<Code, LastLetter>();
  readonly windows = { ...NO_WINDOWS };
  readonly daemon = { ...zero(DAEMON_COUNTS) };
  #isWarm = false;
  /** When the first micro-batch came. */
  #beganMs = Number.NaN;
  #firstResultAfterMs = 0;
  #lanes: ReadonlySet<string> = new Set();
  readonly #assigned: { readonly atMs: number; readonly waiting: Set<string>; slowestMs: number }[] = [];
  readonly #madeMs = performance.now();
  #activeMs = 0;
  /** Up to when the active time is counted. */
  #activeUntilMs = Number.NEGATIVE_INFINITY;
  #unmeasured = 0;
  #fromMs = 0;
  #untilMs = 0;
  #cpuAtMs = Number.NEGATIVE_INFINITY;
  #cpuFrom = process.cpuUsage();
  #mainFrom = process.threadCpuUsage();
  #loopFrom = performance.eventLoopUtilization();
  #cpuMicros = 0;
  #mainMicros = 0;
  #utilisation = 0;

  /**
   * What happens in the first `warmUpMs` after the first micro-batch is counted, but not measured.
   */
  constructor(warmUpMs = 0) {
    this.#warmUpMs = warmUpMs;
  }

  /** The number of answers of all kinds. */
  get answered(): number {
    return this.records.scored + this.records.deadLetters;
  }

  count(name: keyof DaemonCounts, by = 1): void {
    this.daemon[name] += by;
  }

  /** What a thread tells with an answer. */
  told(usage: ThreadTold & { readonly drift?: CountsTold | null }): void {
    this.threads.told(usage);
    if (usage.drift) this.drift.told(usage.drift, performance.now());
  }

  /**
   * The lanes from now on, named by their partition. Lanes that are not new have not begun again.
   */
  lanesAssigned(lanes: readonly string[]): void {
    const waiting = new Set(lanes.filter((lane) => !this.#lanes.has(lane)));
    this.#lanes = new Set(lanes);
    if (waiting.size === 0) return;
    this.#assigned.push({ atMs: performance.now(), waiting, slowestMs: 0 });
    if (this.#assigned.length > ASSIGNMENTS_MAX) this.#assigned.shift();
  }

  /**
   * A micro-batch came back from the scorer, `waitedMs` after its oldest record batch had arrived.
   */
  microBatchScored({ decodeMs, predictMs, encodeMs }: Scored, waitedMs: number): void {
    const nowMs = performance.now();
    if (Number.isNaN(this.#beganMs)) {
      this.#beganMs = nowMs - waitedMs;
      this.#measureFrom(this.#beganMs);
    } else if (!this.#isWarm && nowMs - this.#beganMs >= this.#warmUpMs) {
      this.#isWarm = true;
      if (this.#warmUpMs > 0) this.#measureFrom(nowMs);
    }
    this.#wasActive(nowMs - waitedMs, nowMs);
    this.count('microBatches');
    this.stages.record('queue', waitedMs - decodeMs - predictMs - encodeMs);
    this.stages.record('decode', decodeMs);
    this.stages.record('predict', predictMs);
    this.stages.record('encode', encodeMs);
  }

  #measureFrom(atMs: number): void {
    this.#unmeasured = this.answered;
    this.#fromMs = atMs;
    this.#untilMs = atMs;
    this.stages.reset();
    this.threads.reset();
    this.#cpuFrom = process.cpuUsage();
    this.#mainFrom = process.threadCpuUsage();
    this.#loopFrom = performance.eventLoopUtilization();
  }

  /**
   * Its results and dead letters were acknowledged. `wallMs`: the time of day, to compare with the
   * timestamps of records.
   */
  microBatchAcknowledged(lane: string, outcome: Scored, producedInMs: number, wallMs: number): void {
    const nowMs = performance.now();
    const { timestamps } = outcome;
    this.#wasActive(nowMs - producedInMs, nowMs);
    if (this.answered === 0) this.#firstResultAfterMs = nowMs;
    for (const assignment of this.#assigned) {
      if (assignment.waiting.delete(lane)) assignment.slowestMs = nowMs - assignment.atMs;
    }
    increase(RECORD_COUNTS, this.records, outcome);
    this.deadLetterCodes = addCodes(this.deadLetterCodes, outcome.deadLetterCodes);
    increase(WINDOW_COUNTS, this.windows, outcome.windows);
    this.#untilMs = nowMs;
    if (nowMs - this.#cpuAtMs >= CPU_EVERY_MS) this.#readCpu(nowMs);
    this.stages.record('produce', producedInMs);
    for (let run = 0; run < timestamps.counts.length; run++) {
      this.stages.record(
        'endToEnd',
        wallMs - (timestamps.timestampsMs[run] as number),
        timestamps.counts[run],
      );
    }
  }

  /** Of a micro-batch that was acknowledged. */
  deadLettersOf(
    { topic, partition }: Pick<LaneAddress, 'topic' | 'partition'>,
    { deadLetterOffsets }: Pick<Outcome, 'deadLetterOffsets'>,
    wallMs: number,
  ): void {
    for (const [code, offset] of Object.entries(deadLetterOffsets))
      this.lastLetters.set(code as Code, { topic, partition, offset, wallMs });
  }

  /** Micro-batches overlap: each moment counts once. */
  #wasActive(fromMs: number, untilMs: number): void {
    this.#activeMs += Math.max(0, untilMs - Math.max(fromMs, this.#activeUntilMs));
    this.#activeUntilMs = untilMs;
  }

  #readCpu(nowMs: number): void {
    this.#cpuAtMs = nowMs;
    const cpu = process.cpuUsage(this.#cpuFrom);
    const main = process.threadCpuUsage(this.#mainFrom);
    this.#cpuMicros = cpu.user + cpu.system;
    this.#mainMicros = main.user + main.system;
    this.#utilisation = performance.eventLoopUtilization(this.#loopFrom).utilization;
  }

  summary(about: Pick<Summary, 'backend' | 'model' | 'versions'>): Summary {
    const measured = this.answered - this.#unmeasured;
    const seconds = Math.max(0, this.#untilMs - this.#fromMs) / 1000;
    const each = (value: number): number => (measured === 0 ? 0 : round(value / measured));
    return {
      ...this.records,
      deadLetterCodes: this.deadLetterCodes,
      windows: { ...this.windows },
      ...this.daemon,
      firstResultAfterMs: round(this.#firstResultAfterMs),
      assignedToFirstResultMs: this.#assigned.map(({ slowestMs }) => round(slowestMs)),
      measured,
      seconds: round(seconds),
      wallSeconds: round((performance.now() - this.#madeMs) / 1000),
      activeSeconds: round(this.#activeMs / 1000),
      fromMs: Math.round(performance.timeOrigin + this.#fromMs),
      untilMs: Math.round(performance.timeOrigin + this.#untilMs),
      recordsPerSecond: seconds === 0 ? 0 : Math.round(measured / seconds),
      cpuMicrosPerRecord: each(this.#cpuMicros),
      mainThreadCpuMicrosPerRecord: each(this.#mainMicros),
      mainThreadUtilisation: round(this.#utilisation),
      workers: this.threads.summary(),
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
      latencyMs: this.stages.total(),
      histograms: this.stages.encoded(),
      ...about,
    };
  }
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
