// Several jobs in one process. Each has a daemon of its own - source, engine, sink, group - and
// they share the worker threads, the memory and the embedded log. What stops one of them stops none
// of the others: it is started again after a rest.

import { exitCodeOf, isUnforeseen } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { InstanceFencedError } from '../kafka/static-member.ts';
import type { Sink } from '../log/ports.ts';
import { MemoryBroker } from '../memory/broker.ts';
import { explainChoice } from '../model/choose.ts';
import type { Logger } from '../telemetry/log.ts';
import { Meter, type Summary } from '../telemetry/meter.ts';
import { atMost, unlessAborted } from '../time/bounded.ts';
import { pause } from '../time/timer.ts';
import { backendFor } from './configured-model.ts';
import { aboutNothing, Daemon, type DaemonOptions } from './daemon.ts';
import { workerCount } from './engine-limits.ts';
import { firstModel } from './first-model.ts';
import { backendsWithin, fittedAll, type JobToFit } from './memory.ts';
import { type Log, openLog, patienceOfStart } from './open-log.ts';
import { hasBegun, type RunningJob } from './running-job.ts';
import { WorkerThreads } from './worker-threads.ts';

/** A job as it was configured. */
export interface JobToRun extends Omit<JobToFit, 'choice'> {
  readonly name: string;
}

export interface JobsOptions extends Pick<DaemonOptions, 'logger' | 'failFast' | 'resumeDedupe' | 'tracing'> {
  /** Ends the start, and the rests of jobs that failed. */
  readonly signal: AbortSignal;
  /** The start of a job waits for what is not there. */
  readonly onNotReady?: (why: string) => void;
  /** The first start of a job failed: something is wrong that the user must mend. */
  readonly onFatal: (error: Error) => void;
  /** The embedded log of all jobs; a new one unless given. */
  readonly broker?: MemoryBroker;
  /** How long a job that failed rests; then twice as long, and so on. */
  readonly restMs?: number;
}

const REST_MS = 5_000;
const REST_MS_MAX = 300_000;
/** For the threads to end, when all jobs have. */
const THREADS_MS = 5_000;
/** After so long without trouble the rests begin anew. */
const CALM_MS = 600_000;

/** What is there for all jobs. */
interface Shared {
  readonly threads: WorkerThreads;
  readonly broker: MemoryBroker;
}

/** A job of a run: where its load is written, and what there is to say of it. */
export interface RunJob {
  readonly name: string;
  readonly config: Config;
  readonly meter: Meter;
  readonly sink: Sink;
  /** Resolves when it scores for the first time. */
  readonly begun: Promise<void>;
  /** Null while it is not known. */
  readonly lag: number | null;
  summary(): Summary;
}

export class Jobs {
  readonly jobs: readonly SharingJob[];
  readonly #threads: WorkerThreads;
  readonly #ends: readonly Promise<void>[];

  private constructor(jobs: readonly SharingJob[], threads: WorkerThreads) {
    this.jobs = jobs;
    this.#threads = threads;
    this.#ends = jobs.map((job) => job.run());
  }

  /**
   * Tries all models, and begins to start all jobs. Rejects with what is wrong with the
   * configuration, a model, or the memory. `running` are told how they come along.
   */
  static async start(
    jobs: readonly JobToRun[],
    running: readonly RunningJob[],
    options: JobsOptions,
  ): Promise<Jobs> {
    const { logger, signal, broker = new MemoryBroker() } = options;
    const toFit: JobToFit[] = [];
    for (const { name, config, isGiven } of jobs) {
      const wanted = backendsWithin(config, isGiven);
      await firstModel(wanted, patienceOfStart(wanted, options), new Meter());
      const choice = await unlessAborted(backendFor(wanted), signal);
      logger.info({ job: name }, `backend ${explainChoice(choice)}`);
      toFit.push({ config: wanted, isGiven, choice });
    }
    const patience = patienceOfStart((toFit[0] as JobToFit).config, {
      ...options,
      onNotReady: (why) => {
        for (const job of running) job.waitsFor = why;
        options.onNotReady?.(why);
      },
    });
    const { configs, lines } = await unlessAborted(fittedAll(toFit, patience), signal);
    if (lines.length > 0) logger.info({ sum: lines.slice(1).map((line) => line.trim()) }, lines[0]);
    const [first] = configs as readonly [Config];
    const threads = new WorkerThreads(first, workerCount(first), logger);
    const shared = { threads, broker };
    const sharing = jobs.map(({ name, isGiven }, index) => {
      const config = partOf(configs[index] as Config, jobs.length);
      const { choice } = toFit[index] as JobToFit;
      return new SharingJob({ name, config, isGiven, choice }, running[index] as RunningJob, shared, options);
    });
    return new Jobs(sharing, threads);
  }

  /** As `Daemon.stop`, for all of them at once, which began when the signal was aborted. */
  async stop(): Promise<readonly string[]> {
    await Promise.all(this.#ends);
    await atMost(THREADS_MS, this.#threads.stop());
    return this.jobs.flatMap((job) => job.unfinished);
  }
}

/** An equal part of what the jobs have together. */
const partOf = (config: Config, jobs: number): Config => ({
  ...config,
  lanes: { ...config.lanes, budget: Math.floor(config.lanes.budget / jobs) },
});

class SharingJob implements RunJob {
  readonly name: string;
  readonly config: Config;
  /** Counts on when the job is started again. */
  readonly meter: Meter;
  readonly #job: JobToRun & JobToFit;
  readonly #running: RunningJob;
  readonly #shared: Shared;
  readonly #options: JobsOptions;
  readonly #logger: Logger;
  readonly #begun = Promise.withResolvers<void>();
  #about: Daemon['about'];
  /** The lanes that had not finished when it was told to end. */
  unfinished: readonly string[] = [];
  #starts = 0;

  constructor(job: JobToRun & JobToFit, running: RunningJob, shared: Shared, options: JobsOptions) {
    this.name = job.name;
    this.config = job.config;
    this.#job = job;
    this.#running = running;
    this.#shared = shared;
    this.#options = options;
    this.#logger = options.logger.child({ job: job.name });
    this.meter = new Meter(job.config.telemetry.warmUp);
    this.#about = { ...aboutNothing(job.config), backend: job.choice.backend };
  }

  /** Of the embedded log: where a load source writes the input. */
  get sink(): Sink {
    return this.#openLog().sink;
  }

  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  get lag(): number | null {
    return this.#running.daemon?.lag ?? null;
  }

  summary(): Summary {
    return this.meter.summary(this.#about);
  }

  #openLog(): Log {
    return openLog(this.config, this.#logger, this.#shared.broker);
  }

  /** Starts it, and again whenever it fails. Resolves when it has stopped, told by the signal. */
  async run(): Promise<void> {
    const { signal, restMs = REST_MS } = this.#options;
    let rest = restMs;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const beganMs = performance.now();
      const error = await this.#attempt(isFirst);
      if (error === undefined) return;
      // It would throw out the process that has its place now.
      if (error instanceof InstanceFencedError) return this.#options.onFatal(error);
      if (performance.now() - beganMs > CALM_MS) rest = restMs;
      const { code, stack } = error as NodeJS.ErrnoException;
      this.#logger.error(
        { code, exitCode: exitCodeOf(error), stack: isUnforeseen(error) ? stack : undefined },
        `the job stopped, and starts again in ${rest / 1_000} s: ${error.message}`,
      );
      this.#running.failed = error.message;
      await unlessAborted(pause(rest), signal).catch(() => {});
      rest = Math.min(2 * rest, REST_MS_MAX);
    }
  }

  /** Resolves to the error by which it ended; to none when it was told to end. */
  async #attempt(isFirst: boolean): Promise<Error | undefined> {
    const { signal, failFast, resumeDedupe = false, tracing = null, onFatal, onNotReady } = this.#options;
    const failed = Promise.withResolvers<Error>();
    const { name, config, isGiven, choice } = this.#job;
    let daemon: Daemon;
    try {
      daemon = await Daemon.start(config, {
        logger: this.#logger,
        ...(config.log !== 'kafka' ? { log: this.#openLog() } : {}),
        failFast,
        resumeDedupe: resumeDedupe && isFirst,
        signal,
        isGiven,
        tracing,
        // A stop that gave up waiting may still take back the model of the start before.
        shared: {
          job: this.#starts++ === 0 ? name : `${name}#${this.#starts}`,
          choice,
          threads: this.#shared.threads,
          meter: this.meter,
        },
        onNotReady: (why) => {
          this.#running.waitsFor = why;
          onNotReady?.(why);
        },
        onFatal: failed.resolve,
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isFirst) return error as Error;
      onFatal(error as Error);
      return undefined;
    }
    hasBegun(this.#running, daemon);
    this.#running.failed = null;
    this.#about = daemon.about;
    this.#begun.resolve();
    const error = await unlessAborted(failed.promise, signal).catch(() => undefined);
    this.#running.failed = error?.message ?? null;
    const unfinished = await daemon.stop();
    // What a job that failed left is scored again by its next start.
    if (error === undefined) this.unfinished = unfinished.map((lane) => `${this.name}: ${lane}`);
    return error;
  }
}
