// `scorelane run`: the daemon. Wires the parts together, shows what they do, and ends in order.

import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { codecs } from '../codec/codecs.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Driver } from '../engine/driver.ts';
import { runLoad } from '../load/load-source.ts';
import { generateTransactions } from '../load/transactions.ts';
import type { Sink } from '../log/ports.ts';
import { explainChoice } from '../model/choose.ts';
import { ScorerPool } from '../scoring/pool.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { Meter } from '../telemetry/meter.ts';
import { Progress } from '../telemetry/progress.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { logObserver } from './observer.ts';
import { lag, reporting } from './reporting.ts';
import { printSummary } from './summary.ts';
import { versions } from './versions.ts';
import {
  chooseBackend,
  connectSink,
  engineLimits,
  generatorFile,
  modelFolder,
  openLog,
  scorerSetup,
  systemClock,
  workerCount,
} from './wiring.ts';

export interface RunOptions {
  /** Ends by itself after so long. */
  readonly forMs?: number;
  /** Where to write the summary as JSON. */
  readonly summaryFile?: string;
  /** Exit when the broker is away at start, instead of waiting for it. */
  readonly failFast: boolean;
}

/** Runs until a signal, the time given, or a fatal error. Resolves to the exit code. */
export async function runDaemon({ config }: LoadedConfig, options: RunOptions): Promise<number> {
  const logger = createLogger(config.telemetry.logLevel);
  const ending = new Ending();
  const meter = new Meter();

  const folder = modelFolder(config);
  const choice = await chooseBackend(config);
  logger.info(`backend ${explainChoice(choice)}`);

  const { source, sink } = openLog(config, logger);
  await connectSink(sink, config, logger, options.failFast);
  const setup = await scorerSetup(config, sink, { modelFolder: folder, backend: choice.backend });
  const pool = new ScorerPool({
    workers: workerCount(config),
    deadlineMs: config.scoring.deadline,
    setup,
    onThreadLost: (why) => {
      meter.threadsLost++;
      logger.warn(`a worker thread was lost: ${why}`);
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
    onFatal: (error) => ending.fail(error),
  });
  await driver.start();
  logger.info(`scoring ${config.input.topic} with ${workerCount(config)} workers`);

  if (options.forMs !== undefined) ending.after(options.forMs);

  const progress = new Progress(process.stdout);
  const stopReporting = reporting(logger, meter, driver, progress, config.telemetry.reportEvery);
  const load = startLoad(config, sink, ending, logger);
  const fatal = await ending.reached;
  ending.stopLoad();
  await load;
  const { unfinished } = await driver.stop(config.lanes.stopTimeout);
  stopReporting();
  progress.end();
  await pool.stop();
  await sink.stop();

  const runtime = choice.reports.find(({ backend }) => backend === choice.backend)?.runtime ?? '';
  const summary = meter.summary({
    backend: choice.backend,
    model: `${config.model.name} ${basename(folder)}`,
    versions: versions({ runtime }),
  });
  printSummary(summary, lag(driver.state));
  if (options.summaryFile !== undefined)
    writeFileSync(options.summaryFile, `${JSON.stringify(summary, null, 2)}\n`);
  if (fatal !== undefined) {
    logger.fatal({ code: (fatal as NodeJS.ErrnoException).code }, fatal.message);
    return exitCodeOf(fatal);
  }
  if (unfinished.length === 0) return EXIT.ok;
  logger.error(`stopped at the deadline with work in flight, to be scored again: ${unfinished.join(', ')}`);
  return EXIT.unfinished;
}

const SAME_SIGNAL_MS = 1_000;

/** How the run ends: by signal, by time, or by a fatal error. */
class Ending {
  readonly reached: Promise<Error | undefined>;
  readonly #load = new AbortController();
  #end: (error?: Error) => void = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#end = resolve;
    });
    let firstMs = Number.POSITIVE_INFINITY;
    const signalled = (): void => {
      const nowMs = performance.now();
      // Whoever asks again does not want to wait. Below that a terminal and npm have both passed on the same Ctrl-C.
      if (nowMs - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.unfinished);
      firstMs = Math.min(firstMs, nowMs);
      this.#end();
    };
    process.on('SIGINT', signalled).on('SIGTERM', signalled);
  }

  after(ms: number): void {
    setTimeout(() => this.#end(), ms);
  }

  get loadSignal(): AbortSignal {
    return this.#load.signal;
  }

  stopLoad(): void {
    this.#load.abort();
  }

  fail(error: Error): void {
    this.#end(error);
  }
}

/** With the embedded log there is nobody else to write the input: the load source runs beside the daemon. */
async function startLoad(config: Config, sink: Sink, ending: Ending, logger: Logger): Promise<void> {
  const { recordsPerSecond, seed } = config.generate;
  if (config.log !== 'memory' || recordsPerSecond === 0) return;
  logger.info(`generating ${recordsPerSecond} transactions a second into the embedded log`);
  const load = {
    sink,
    topic: config.input.topic,
    codec: codecs[config.input.format],
    records: generateTransactions(generatorFile(config), seed),
    recordsPerSecond,
    count: Number.POSITIVE_INFINITY,
    garbage: { share: 0, field: '' },
  };
  await runLoad(load, ending.loadSignal).catch((error: Error) => ending.fail(error));
}
