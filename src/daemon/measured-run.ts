// One short run of the daemon as it is configured, with its own engine, pool and workers, over an
// embedded log: nothing of the user's is written. First records come at a rate, and their latency
// is measured; then as many as it takes, and they are counted.

import type { Config } from '../config/schema.ts';
import type { PreparedRecords } from '../load/prepared.ts';
import type { ResultBatch } from '../log/ports.ts';
import { MemoryBroker } from '../memory/broker.ts';
import type { BackendChoice } from '../model/choose.ts';
import type { DeadLetterCodes } from '../scoring/dead-letter-codes.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { pause } from '../time/timer.ts';
import type { RunFigures } from '../tuning/figures.ts';
import { Daemon } from './daemon.ts';
import { engineLimits } from './engine-limits.ts';
import { openLog, outputTopics } from './open-log.ts';

export interface MeasuredRunOptions {
  readonly records: PreparedRecords;
  /** Of the input topic. */
  readonly partitions: number;
  /** Records a second while latency is measured; null: it is not measured. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly isGiven: (key: string) => boolean;
  /** Measured before, as each run would measure it again. */
  readonly choice: BackendChoice;
  readonly logger: Logger;
}

export interface MeasuredRun {
  readonly figures: RunFigures;
  readonly answered: number;
  readonly deadLetters: number;
  readonly deadLetterCodes: DeadLetterCodes;
}

/** Of the time of a run: for latency, and of each of its two parts before it is measured. */
const PACED_SHARE = 0.5;
const WARM_UP_SHARE = 0.3;
/** So many seconds' worth of records come at once, before the rest: code that is cold is slow. */
const BURST_SHARE = 0.2;
/** Where micro-batches take long, a run goes on until so many came back: up to so many times. */
const MICRO_BATCHES_MIN = 8;
const LONGEST = 5;
/** So much is sent again and again at full load, as batches that were made before. */
const FULL = { records: 20_000, bytes: 2 ** 26 } as const;
const TICK_MS = 2;
const WAITING_RECORDS_MIN = 50_000;
/** More than at full load may wait at a rate: what comes in so long. Then it does not keep up. */
const BEHIND_SECONDS_MAX = 1;
/** Until the last ones are answered: the engine rests for a second at most. */
const LAST_ANSWERS_MS = 3_000;
/** An answer is read by nobody. */
const OUTPUT_BYTES = 2 ** 20;
/** Of a stop: what is in flight is of no use to anybody. */
const STOP_MS = 3_000;

/** The same configuration, without a trace in topics, folders, registries and collectors. */
function withoutTraces(config: Config, { partitions, records, rate }: MeasuredRunOptions): Config {
  const waiting = waitingRecords(config, records) + (rate ?? 0) * BEHIND_SECONDS_MAX;
  const { output, deadLetters, lanes, snapshots, kafka, tracing, telemetry } = config;
  return {
    ...config,
    log: 'memory',
    output: { ...output, framing: output.framing === 'confluent' ? 'plain' : output.framing },
    deadLetters: { ...deadLetters, floodShare: 1 },
    lanes: { ...lanes, stopTimeout: STOP_MS, onOutOfRange: 'continue' },
    snapshots: { ...snapshots, directory: undefined },
    kafka: { ...kafka, 'transactional.id': undefined, 'auto.offset.reset': 'earliest' },
    memory: { partitions, bytesPerPartition: 2 * waiting * records.recordBytes },
    tracing: { ...tracing, endpoint: 'none' },
    telemetry: { ...telemetry, warmUp: 0 },
  };
}

/** How many records wait in the log at full load: enough that no thread ever waits for one. */
function waitingRecords(config: Config, { recordBytes }: PreparedRecords): number {
  const { scoringMax, microBatch, budgetBytes } = engineLimits(config);
  const inWork = 2 * scoringMax * microBatch.recordsMax;
  return Math.ceil(Math.min(budgetBytes / recordBytes, Math.max(WAITING_RECORDS_MIN, inWork)));
}

/** Rejects with what is wrong with the configuration. */
export async function measureRun(given: Config, options: MeasuredRunOptions): Promise<MeasuredRun> {
  const { partitions, rate, seconds, isGiven, choice, logger } = options;
  const config = withoutTraces(given, options);
  const broker = new MemoryBroker();
  for (const topic of outputTopics(config)) broker.createTopic(topic, partitions, OUTPUT_BYTES);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const daemon = await Daemon.start(config, {
    logger,
    log: openLog(config, logger, broker),
    failFast: true,
    isGiven,
    choice,
    onFatal: failed.reject,
  });
  const run = new Run(config, options, broker, daemon.meter);
  try {
    const ms = seconds * 1_000;
    const pacedMs = rate === null ? 0 : ms * PACED_SHARE;
    const measured = async (): Promise<RunFigures> => {
      if (rate !== null) await run.warmUp(rate * seconds * BURST_SHARE, ms);
      const latency = rate === null ? NO_LATENCY : await run.paced(rate, pacedMs);
      return { ...latency, ...(await run.full(ms - pacedMs)) };
    };
    const figures = await Promise.race([measured(), failed.promise]);
    const { records, deadLetterCodes } = daemon.meter;
    const { deadLetters } = records;
    return {
      figures,
      answered: daemon.meter.answered,
      deadLetters,
      deadLetterCodes,
    };
  } finally {
    run.end();
    await daemon.stop();
  }
}

type Latency = Pick<RunFigures, 'p50Ms' | 'p99Ms'>;
type Load = Omit<RunFigures, keyof Latency>;
const NO_LATENCY: Latency = { p50Ms: Number.NaN, p99Ms: Number.NaN };
/** It cannot keep up with the rate: what waits grows for as long as the rate holds. */
const OVERRUN: Latency = { p50Ms: Number.POSITIVE_INFINITY, p99Ms: Number.POSITIVE_INFINITY };

/** How much was answered by a moment, and for how much. */
interface Mark {
  readonly atMs: number;
  readonly answered: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly loop: ReturnType<typeof performance.eventLoopUtilization>;
}

class Run {
  readonly #records: PreparedRecords;
  readonly #broker: MemoryBroker;
  readonly #meter: Meter;
  readonly #waitingMax: number;
  #sent = 0;
  #hasEnded = false;

  constructor(config: Config, { records }: MeasuredRunOptions, broker: MemoryBroker, meter: Meter) {
    this.#records = records;
    this.#broker = broker;
    this.#meter = meter;
    this.#waitingMax = waitingRecords(config, records);
  }

  end(): void {
    this.#hasEnded = true;
  }

  get #answered(): number {
    const { scored, deadLetters, skipped } = this.#meter.records;
    return scored + deadLetters + skipped;
  }

  /** Sends so many at once. Resolves when they are answered, or after so long. */
  async warmUp(count: number, withinMs: number): Promise<void> {
    this.#append(this.#records.batches(Math.ceil(Math.min(count, this.#waitingMax)), Date.now(), 0));
    await this.#allAnswered(withinMs);
  }

  async #allAnswered(withinMs: number): Promise<boolean> {
    const untilMs = performance.now() + withinMs;
    while (this.#answered < this.#sent && !this.#hasEnded && performance.now() < untilMs)
      await pause(TICK_MS);
    return this.#answered >= this.#sent;
  }

  #append(batches: readonly ResultBatch[]): void {
    for (const batch of batches) {
      this.#broker.append(batch);
      this.#sent += batch.recordCount;
    }
    this.#records.giveBack(batches);
  }

  /** Sends at the rate. Latencies are from when each record was due: a late sender counts too. */
  async paced(rate: number, forMs: number): Promise<Latency> {
    const { stages } = this.#meter;
    const behindMax = this.#waitingMax + rate * BEHIND_SECONDS_MAX;
    const [beganMs, epochMs] = [performance.now(), Date.now()];
    let isWarm = false;
    for (let sent = 0; !this.#hasEnded; await pause(TICK_MS)) {
      const elapsedMs = performance.now() - beganMs;
      if (elapsedMs >= forMs) break;
      if (!isWarm && elapsedMs >= forMs * WARM_UP_SHARE) {
        isWarm = true;
        stages.takeWatched();
      }
      const due = Math.floor((elapsedMs * rate) / 1_000) - sent;
      if (due <= 0) continue;
      if (this.#sent + due - this.#answered > behindMax) return OVERRUN;
      const stepMs = 1_000 / rate;
      this.#append(this.#records.batches(due, epochMs + sent * stepMs, stepMs));
      sent += due;
    }
    // Those that take longest would be missing else.
    if (!(await this.#allAnswered(LAST_ANSWERS_MS))) return OVERRUN;
    const found = stages.takeWatched();
    return found === null ? OVERRUN : { p50Ms: found.p50, p99Ms: found.p99 };
  }

  /** Lets records wait at all times, and measures from one answer to another. */
  async full(forMs: number): Promise<Load> {
    const count = Math.ceil(Math.min(FULL.records, FULL.bytes / this.#records.recordBytes));
    const batches = this.#records.batches(count, Date.now(), 0);
    const began = this.#mark();
    let first: Mark | null = null;
    let last = began;
    let changes = 0;
    for (let next = 0; !this.#hasEnded; await pause(TICK_MS)) {
      while (this.#sent - this.#answered < this.#waitingMax) {
        const batch = batches[next++ % batches.length] as (typeof batches)[number];
        this.#broker.append(batch);
        this.#sent += batch.recordCount;
      }
      const elapsedMs = performance.now() - began.atMs;
      if (this.#answered !== last.answered) {
        last = this.#mark();
        changes++;
        if (first === null && elapsedMs >= forMs * WARM_UP_SHARE) [first, changes] = [last, 0];
      }
      if (elapsedMs >= forMs && first !== null && changes >= MICRO_BATCHES_MIN) break;
      if (elapsedMs >= forMs * LONGEST) break;
    }
    return between(first === null || last === first ? began : first, last);
  }

  #mark(): Mark {
    const loop = performance.eventLoopUtilization();
    return { atMs: performance.now(), answered: this.#answered, cpu: process.cpuUsage(), loop };
  }
}

function between(from: Mark, until: Mark): Load {
  const answered = until.answered - from.answered;
  const seconds = (until.atMs - from.atMs) / 1_000;
  const cpu = until.cpu.user + until.cpu.system - from.cpu.user - from.cpu.system;
  return {
    recordsPerSecond: seconds === 0 ? 0 : answered / seconds,
    cpuMicrosPerRecord: answered === 0 ? 0 : cpu / answered,
    mainThreadShare: performance.eventLoopUtilization(until.loop, from.loop).utilization,
  };
}
