// The daemon's parts, wired together: log, model, pool, engine. `run` gives it a terminal and
// signals; the bench runs it beside its own load on the embedded log.

import type { Config } from '../config/schema.ts';
import { Driver } from '../engine/driver.ts';
import type { Sink } from '../log/ports.ts';
import { type BackendChoice, explainChoice } from '../model/choose.ts';
import type { PartitionCounter } from '../pool/partition-counter.ts';
import type { ServedModel } from '../serving/served-model.ts';
import type { Logger } from '../telemetry/log.ts';
import { Meter, type Summary } from '../telemetry/meter.ts';
import { unlessAborted } from '../time/bounded.ts';
import { type Cancel, every } from '../time/timer.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { resultFrame } from './avro-setup.ts';
import { backendFor } from './configured-model.ts';
import { countPartitions } from './count-partitions.ts';
import { closeParts, type DaemonParts, GIVE_UP_MS } from './daemon-parts.ts';
import { withDrift } from './drift.ts';
import { engineLimits, systemClock, tunableLimits, workerCount } from './engine-limits.ts';
import { firstModel } from './first-model.ts';
import { heardOfThreads } from './heard-of-threads.ts';
import { COMPLAIN_MS } from './keep-trying.ts';
import { refuseOtherKind } from './known-version.ts';
import { LabelWatch } from './label-watch.ts';
import { LivingModel } from './living-model.ts';
import { backendsWithin, fitted } from './memory.ts';
import { logObserver } from './observer.ts';
import { connectSink, impatient, type Log, openLog, patienceOfStart } from './open-log.ts';
import { OwnPartitions } from './own-partitions.ts';
import { makePool } from './pools.ts';
import { lag, logReports } from './reporting.ts';
import { readAnswered, refuseRoutes } from './resume.ts';
import { requireRights, wantedToRun } from './rights.ts';
import { ServedVersions } from './served.ts';
import { asksForDump, writeDump } from './state-dump.ts';
import { adviceToRun, heedAdvice } from './topic-settings.ts';
import { spansOf, withSpans } from './traced-observer.ts';
import { versions } from './versions.ts';
import { windowsBeside } from './windows-beside.ts';
import { scorerSetup } from './worker-setup.ts';
import { WorkerThreads } from './worker-threads.ts';

export interface DaemonOptions {
  readonly logger: Logger;
  /** The configured one unless given. */
  readonly log?: Log;
  /** Reject when the broker is away or silent, instead of waiting for it. */
  readonly failFast: boolean;
  /** The start waits for what is not there. */
  readonly onNotReady?: (why: string) => void;
  /**
   * Ends a start: it rejects with the signal's reason, and everything that was opened is closed.
   */
  readonly signal?: AbortSignal;
  /** Whether a key was set by somebody: then its value stays, whatever the limit of memory. */
  readonly isGiven?: (key: string) => boolean;
  /** Leave out records that have their answer in the outputs already. */
  readonly resumeDedupe?: boolean;
  /** Where it makes spans; the configuration says of what. */
  readonly tracing?: Tracing | null;
  /** Of a model that was tried before; it is tried at each start unless given. */
  readonly choice?: BackendChoice;
  /** Of one job among several. */
  readonly shared?: SharedStart;
  /** Nothing goes on after this: stop the daemon. */
  readonly onFatal: (error: Error) => void;
}

/** What a job among several is given: its name, and what is there for all of them. */
export interface SharedStart {
  readonly job: string;
  readonly choice: BackendChoice;
  /** Within the memory of the process already, as the configuration is. */
  readonly threads: WorkerThreads;
  /** Counts on, where the job was started before. */
  readonly meter: Meter;
}

/** What a summary says of what was run. */
type About = Pick<Summary, 'backend' | 'model' | 'versions'>;

/** Of a job that was ended before it had a model. */
export const aboutNothing = ({ model }: Config): About => ({
  backend: 'none',
  model: model.name,
  versions: versions({ runtime: '' }),
});

export class Daemon {
  readonly driver: Driver;
  readonly meter: Meter;
  readonly sink: Sink;
  readonly #parts: DaemonParts;
  #config: Config;
  #about: About;
  /** Worker threads, which jobs may share. */
  readonly workers: number;
  /** The versions of the model that are on the threads, or were tried. */
  readonly living: LivingModel;
  readonly #served: ServedVersions;
  readonly #ownPartitions: OwnPartitions;
  readonly #logger: Logger;
  readonly #endings: readonly Cancel[];

  private constructor(
    config: Config,
    about: About,
    parts: Required<Pick<DaemonParts, 'sink' | 'pool' | 'served' | 'driver' | 'living'>> &
      DaemonParts & {
        readonly meter: Meter;
        readonly logger: Logger;
        readonly counter: PartitionCounter;
        readonly ownPartitions: OwnPartitions;
        readonly workers: number;
      },
  ) {
    this.#config = config;
    this.#about = about;
    this.#parts = parts;
    this.driver = parts.driver;
    this.#served = parts.served;
    this.living = parts.living;
    this.meter = parts.meter;
    this.sink = parts.sink;
    this.workers = parts.workers;
    this.#logger = parts.logger;
    this.#ownPartitions = parts.ownPartitions;
    this.#endings = [
      every(COMPLAIN_MS, () => this.#ownPartitions.complain()),
      logReports(parts.logger, this.meter, () => this.lag, this.driver, config.telemetry.reportEvery),
      every(config.kafka['metadata.max.age.ms'], () => void parts.counter.ask()),
      ...(config.model.watch === 0 ? [] : [every(config.model.watch, () => void this.living.look())]),
    ];
  }

  get about(): About {
    return { ...this.#about, model: `${this.#config.model.name} ${this.living.serving}` };
  }

  /** Where its model is. */
  get model(): Pick<Config['model'], 'repository' | 'name'> {
    return this.#config.model;
  }

  /** What requests may ask. */
  get served(): ServedModel {
    return this.#served.now;
  }

  /** What requests may ask by its version. */
  get alsoServed(): readonly ServedModel[] {
    return this.#served.others;
  }

  /**
   * Chooses a backend, connects, loads the model into every worker and joins the group. Rejects
   * with what is wrong.
   */
  static async start(config: Config, options: DaemonOptions): Promise<Daemon> {
    const parts: DaemonParts = {};
    try {
      return await Daemon.#begin(config, options, parts);
    } catch (error) {
      await closeParts(parts, GIVE_UP_MS);
      throw error;
    }
  }

  static async #begin(given: Config, options: DaemonOptions, parts: DaemonParts): Promise<Daemon> {
    const { logger, onFatal, isGiven = () => false } = options;
    if (options.resumeDedupe === true) refuseRoutes(given);
    const { shared } = options;
    const wanted = shared === undefined ? backendsWithin(given, isGiven) : given;
    const { signal = new AbortController().signal } = options;
    signal.throwIfAborted();
    const unlessTold = <T>(work: Promise<T>): Promise<T> => unlessAborted(work, signal);
    const patience = patienceOfStart(wanted, options);
    const meter = shared?.meter ?? new Meter(wanted.telemetry.warmUp);
    const folder = await unlessTold(firstModel(wanted, patience, meter));
    const choice = shared?.choice ?? options.choice ?? (await unlessTold(backendFor(wanted)));
    if (shared === undefined) logger.info(`backend ${explainChoice(choice)}`);
    if (options.log === undefined) await requireRights(wanted, wantedToRun(wanted), patience);
    const { config, lines } =
      shared === undefined
        ? await unlessTold(fitted(wanted, isGiven, choice, patience))
        : { config: wanted, lines: [] };
    if (lines.length > 0) logger.info({ sum: lines.slice(1).map((line) => line.trim()) }, lines[0]);
    const { source, sink } = options.log ?? openLog(config, logger);
    parts.sink = sink;
    await connectSink(sink, config, patience);
    const resultsFrame = await resultFrame(config, folder, patience);
    const { backend } = choice;
    const setupIn = (modelFolder: string, resultFrame: Uint8Array): ScorerSetup =>
      withDrift(scorerSetup(config, { modelFolder, backend, resultFrame }, shared?.job), config, meter);
    const setup = setupIn(folder, resultsFrame);
    const counter = await unlessTold(countPartitions(config, sink, logger));
    if (options.log === undefined) heedAdvice(await adviceToRun(config, patience), logger);
    const answered =
      options.resumeDedupe === true ? await unlessTold(readAnswered(config, patience)) : undefined;
    const workers = workerCount(config);
    const threads = shared?.threads ?? new WorkerThreads(config, workers, logger);
    if (shared === undefined) parts.threads = threads;
    const turns = shared?.threads.free.turns();
    const deaf = threads.onLost(() => {
      meter.count('threadsLost');
      parts.driver?.scoring();
    });
    parts.deaf = () => {
      deaf();
      turns?.leave();
    };
    const pool = makePool(config, {
      setup,
      source,
      logger,
      hosts: threads.hosts,
      ...(turns === undefined ? {} : { turns }),
      options: {
        counts: counter,
        ...(answered === undefined ? {} : { answered }),
        ...heardOfThreads({ meter, logger, living: () => parts.living }),
      },
    });
    parts.pool = pool;
    await unlessTold(pool.start());
    const ownPartitions = new OwnPartitions(logger, config.kafka);
    const lanes = { counts: counter, driver: () => parts.driver, isAssigned: () => ownPartitions.isKnown };
    const served = new ServedVersions(config, { backend, pool, meter, threads, lanes }, setup);
    parts.served = served;
    const driver: Driver = new Driver({
      source,
      sink,
      scorer: pool,
      counter,
      clock: systemClock,
      limits: engineLimits(config),
      revokeTimeoutMs: config.lanes.revokeTimeout,
      observer: withSpans(logObserver(logger, meter, ownPartitions), spansOf(config, options)),
      onFatal: (error) => {
        if (asksForDump(error))
          writeDump({ driver, meter, logger, folder: dumpFolder(config) }, 'fatal', error);
        onFatal(error);
      },
    });
    parts.driver = driver;
    const living = new LivingModel({
      ...{ config, logger, meter, pool, driver, setup },
      setupOf: async (modelFolder) => {
        refuseOtherKind(folder, modelFolder);
        return setupIn(modelFolder, await resultFrame(config, modelFolder, impatient(config, logger)));
      },
      onLoaded: (setup) => served.load(setup),
      onServing: (setup) => served.serve(setup),
      onUnloading: (version) => served.end(version),
      windows: windowsBeside({ config, logger, driver, partitions: () => counter.now.input }, pool),
    });
    parts.living = living;
    parts.labels = LabelWatch.of(config, folder, logger, meter);
    await unlessTold(driver.start());
    logger.info(`scoring ${config.log === 'none' ? 'requests' : config.input.topic} with ${workers} workers`);
    const runtime = choice.reports.find(({ backend }) => backend === choice.backend)?.runtime ?? '';
    const about = {
      backend: choice.backend,
      model: config.model.name,
      versions: versions({ runtime }),
    };
    return new Daemon(config, about, {
      ...{ ...parts, driver, living, meter, sink, pool, served, logger, counter, ownPartitions },
      workers,
    });
  }

  /**
   * Finishes what is in flight, commits, leaves and closes, all of it within `lanes.stopTimeout`.
   * Resolves to the lanes that had not finished before their deadline.
   */
  async stop(): Promise<readonly string[]> {
    this.#ownPartitions.leaving();
    const { unfinished, notLeft } = await closeParts(this.#parts, this.#config.lanes.stopTimeout);
    for (const end of this.#endings) end();
    if (notLeft !== undefined) this.#logger.warn(`the group was not left in order: ${notLeft}`);
    return unfinished;
  }

  /** Takes the keys over that can change while it runs. */
  retune(config: Config): void {
    const { stopTimeout } = config.lanes;
    this.#config = { ...this.#config, lanes: { ...this.#config.lanes, stopTimeout } };
    this.driver.retune(tunableLimits(config));
  }

  /** Records in the log that are not committed yet; null while that is not known. */
  get lag(): number | null {
    return this.#ownPartitions.isKnown ? lag(this.driver.state) : null;
  }

  /** The topics that it reads and writes. */
  get topics(): { readonly input: string; readonly results: string; readonly deadLetters: string } {
    const { input, output, deadLetters } = this.#config;
    return { input: input.topic, results: output.topic, deadLetters: deadLetters.topic };
  }

  /** Writes down what is known of all lanes, and what the engine was told last. */
  dump(why: string, error?: Error): string | null {
    const { driver, meter } = this;
    return writeDump({ driver, meter, logger: this.#logger, folder: dumpFolder(this.#config) }, why, error);
  }

  summary(): Summary {
    return this.meter.summary(this.about);
  }
}

/** Where states are kept, if they are: that folder outlives the process. */
const dumpFolder = ({ snapshots }: Config): string | null => snapshots.directory ?? null;
