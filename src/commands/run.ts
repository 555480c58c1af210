// `scorelane run`: the daemon in a terminal. Shows what it does, and ends in order.

import { writeFileSync } from 'node:fs';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { runLoad } from '../load/load-source.ts';
import type { Sink } from '../log/ports.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import type { Summary } from '../telemetry/meter.ts';
import { Progress } from '../telemetry/progress.ts';
import { Daemon } from './daemon.ts';
import { CannotWriteError, EXIT, exitCodeOf } from './exit-codes.ts';
import { generated } from './generated.ts';
import { lag, showProgress } from './reporting.ts';
import { printSummary } from './summary.ts';
import { writingCodec } from './wiring.ts';

export interface RunOptions {
  /** Ends by itself after so long. */
  readonly forMs?: number;
  /** Where to write the summary as JSON. */
  readonly summaryFile?: string;
  /** Exit when the broker is away at start, instead of waiting for it. */
  readonly failFast: boolean;
  /** Leave out records whose answer stands in the outputs already, above the committed offsets. */
  readonly resumeDedupe: boolean;
}

/** Runs until a signal, the time given, or a fatal error. Resolves to the exit code. */
export async function runDaemon({ config }: LoadedConfig, options: RunOptions): Promise<number> {
  const logger = createLogger(config.telemetry.logLevel);
  const ending = new Ending();
  const daemon = await Daemon.start(config, {
    logger,
    failFast: options.failFast,
    resumeDedupe: options.resumeDedupe,
    onFatal: (error) => ending.fail(error),
  });
  if (options.forMs !== undefined) ending.after(options.forMs);

  const progress = new Progress(process.stdout);
  const stopShowing = showProgress(progress, daemon.meter, daemon.driver);
  const load = startLoad(config, daemon.sink, ending, logger);
  const fatal = await ending.reached;
  ending.stopLoad();
  await load;
  const unfinished = await daemon.stop();
  stopShowing();
  progress.end();

  const summary = daemon.summary();
  printSummary(summary, lag(daemon.driver.state));
  const unwritten = writeSummary(summary, options.summaryFile);
  if (fatal !== undefined) {
    logger.fatal({ code: (fatal as NodeJS.ErrnoException).code }, fatal.message);
    return exitCodeOf(fatal);
  }
  if (unfinished.length > 0) {
    logger.error(`stopped at the deadline with work in flight, to be scored again: ${unfinished.join(', ')}`);
    return EXIT.unfinished;
  }
  if (unwritten === undefined) return EXIT.ok;
  logger.error({ code: unwritten.code }, unwritten.message);
  return exitCodeOf(unwritten);
}

/** By now everything is committed: what cannot be written is told, and takes nothing with it. */
function writeSummary(summary: Summary, file: string | undefined): CannotWriteError | undefined {
  if (file === undefined) return undefined;
  try {
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
    return undefined;
  } catch (error) {
    return new CannotWriteError(`the summary could not be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
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
  const { recordsPerSecond, kind, ...more } = config.generate;
  if (config.log !== 'memory' || recordsPerSecond === 0) return;
  logger.info(`generating ${recordsPerSecond} transactions a second into the embedded log`);
  const load = {
    sink,
    topic: config.input.topic,
    codec: writingCodec(config),
    records: generated(config, { generate: kind, ...more }),
    recordsPerSecond,
    count: Number.POSITIVE_INFINITY,
    garbage: { share: 0, field: '' },
    batchBytesMax: config.limits.resultBatchBytes,
  };
  await runLoad(load, ending.loadSignal).catch((error: Error) => ending.fail(error));
}
