// The daemon's parts, wired together: log, model, pool, engine. `run` gives it a terminal and signals; the bench runs it
// beside its own load on the embedded log.

import { basename } from 'node:path';
import type { Config } from '../config/schema.ts';
import { Driver } from '../engine/driver.ts';
import type { Sink } from '../log/ports.ts';
import { explainChoice } from '../model/choose.ts';
import type { Logger } from '../telemetry/log.ts';
import { Meter, type Summary } from '../telemetry/meter.ts';
import { resultFrame } from './avro-setup.ts';
import { logObserver } from './observer.ts';
import { makePool, type Pool } from './pools.ts';
import { logReports } from './reporting.ts';
import { readAnswered } from './resume.ts';
import { versions } from './versions.ts';
import {
  chooseBackend,
  connectSink,
  engineLimits,
  type Log,
  modelFolder,
  openLog,
  scorerSetup,
  systemClock,
  workerCount,
} from './wiring.ts';

export interface DaemonOptions {
  readonly logger: Logger;
  /** The configured one unless given. */
  readonly log?: Log;
  /** Reject when the broker is away, instead of waiting for it. */
  readonly failFast: boolean;
  /** Leave out what has its answer in the outputs already. */
  readonly resumeDedupe?: boolean;
  /** Nothing goes on after this: stop the daemon. */
  readonly onFatal: (error: Error) => void;
}

export class Daemon {
  readonly driver: Driver;
  readonly meter: Meter;
  readonly sink: Sink;
  readonly #pool: Pool;
  readonly #config: Config;
  readonly #about: Pick<Summary, 'backend' | 'model' | 'versions'>;
  readonly #stopReports: () => void;

  private constructor(
    config: Config,
    about: Pick<Summary, 'backend' | 'model' | 'versions'>,
    parts: Pick<Daemon, 'driver' | 'meter' | 'sink'> & { readonly pool: Pool; readonly logger: Logger },
  ) {
    this.#config = config;
    this.#about = about;
    this.#pool = parts.pool;
    this.driver = parts.driver;
    this.meter = parts.meter;
    this.sink = parts.sink;
    this.#stopReports = logReports(parts.logger, this.meter, this.driver, config.telemetry.reportEvery);
  }

  /** Chooses a backend, connects, loads the model into every worker and joins the group. Rejects with what is wrong. */
  static async start(config: Config, options: DaemonOptions): Promise<Daemon> {
    const { logger, failFast, onFatal } = options;
    const meter = new Meter(config.telemetry.warmUp);
    const folder = modelFolder(config);
    const choice = await chooseBackend(config);
    logger.info(`backend ${explainChoice(choice)}`);
    const { source, sink } = options.log ?? openLog(config, logger);
    await connectSink(sink, config, logger, failFast);
    const frame = await resultFrame(config, folder, logger, failFast);
    const { backend } = choice;
    const setup = await scorerSetup(config, sink, { modelFolder: folder, backend, resultFrame: frame });
    const workers = workerCount(config);
    const pool = makePool(config, {
      setup,
      source,
      logger,
      workers,
      options: {
        ...(options.resumeDedupe === true ? { answered: await readAnswered(config, logger) } : {}),
        onThreadLost: (why) => {
          meter.threadsLost++;
          driver.scoring();
          logger.warn(`a worker thread was lost: ${why}`);
        },
        onThreadRetired: (why) => {
          meter.threadsRetired++;
          logger.warn(`a worker thread is replaced: it ${why}`);
        },
        onUsage: (usage) => meter.threads.told(usage),
      },
    });
    await pool.start();
    const driver = new Driver({
      source,
      sink,
      scorer: pool,
      clock: systemClock,
      limits: engineLimits(config),
      revokeTimeoutMs: config.lanes.revokeTimeout,
      observer: logObserver(logger, meter),
      onFatal,
    });
    await driver.start();
    logger.info(`scoring ${config.input.topic} with ${workers} workers`);
    const runtime = choice.reports.find(({ backend }) => backend === choice.backend)?.runtime ?? '';
    const about = {
      backend: choice.backend,
      model: `${config.model.name} ${basename(folder)}`,
      versions: versions({ runtime }),
    };
    return new Daemon(config, about, { driver, meter, sink, pool, logger });
  }

  /** Finishes what is in flight, commits and leaves. Resolves to the lanes that had not finished before the deadline. */
  async stop(): Promise<readonly string[]> {
    const { unfinished } = await this.driver.stop(this.#config.lanes.stopTimeout);
    this.#stopReports();
    await this.#pool.stop();
    await this.sink.stop();
    return unfinished;
  }

  summary(): Summary {
    return this.meter.summary(this.#about);
  }
}
