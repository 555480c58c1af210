// `scorelane run`: the daemon in a terminal. It shows what the daemon does, and ends it in order.

import { writeFileSync } from 'node:fs';
import { EXIT, exitCodeOf, isUnforeseen } from '../base/errors.ts';
import { theJob } from '../config/load.ts';
import type { LoadedConfig, LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { writingCodec } from '../daemon/configured-model.ts';
import { Daemon } from '../daemon/daemon.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import { showProgress } from '../daemon/reporting.ts';
import type { RunningJob } from '../daemon/running-job.ts';
import { serveHttp } from '../daemon/serve.ts';
import { versions } from '../daemon/versions.ts';
import { runLoad, shortfall } from '../load/load-source.ts';
import type { Sink } from '../log/ports.ts';
import { answerDumpSignal } from '../signals.ts';
import { liveLine } from '../telemetry/live-line.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { Meter, type Summary } from '../telemetry/meter.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { Ending } from './ending.ts';
import { loadFor } from './generated.ts';
import {
  type ConfigFlags,
  durationArgument,
  loadWith,
  type Register,
  withConfig,
  withQuiet,
} from './options.ts';
import { say } from './say.ts';
import { printSummary } from './summary.ts';

export interface RunOptions {
  /**
   * The run ends by itself after this time of scoring, or of waiting for a broker or a topic that
   * is not ready.
   */
  readonly forMs?: number;
  /** The file for the summary as JSON. */
  readonly summaryFile?: string;
  /** Exit if the broker is away at the start, instead of waiting for it. */
  readonly failFast: boolean;
  /** Skip records above the committed offsets whose answer is in the outputs already. */
  readonly resumeDedupe: boolean;
  /** Print and log nothing but warnings and errors. */
  readonly quiet: boolean;
}

/**
 * Runs until a signal, the end of the given time, or a fatal error. A run can also be ended while
 * it starts. Resolves to the exit code.
 */
export async function runDaemon(loaded: LoadedConfig, options: RunOptions): Promise<number> {
  const job = theJob(loaded);
  const { config } = job;
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const ending = new Ending();
  const now: RunningJob = { name: job.name, daemon: null, waitsFor: null };
  dumpWhenAsked(now, logger);
  const { isGiven } = job;
  const server = await serveHttp(config, [now], { logger, isGiven, drain: () => ending.reach() });
  const daemon = await started(job, options, logger, ending, now);
  now.daemon = daemon;
  if (options.forMs !== undefined && daemon !== null) ending.after(options.forMs);
  const unfinished = daemon === null ? [] : await untilEnded(daemon, config, logger, ending, options.quiet);
  await server?.stop();
  const summary = daemon?.summary() ?? summaryOfNothing(config);
  if (!options.quiet && daemon === null) say('ended before it began to score');
  else if (!options.quiet) printSummary(summary, daemon?.lag ?? null);
  const unwritten = writeSummary(summary, options.summaryFile);
  const fatal = await ending.reached;
  if (fatal !== undefined) {
    const { code, message, stack } = fatal as NodeJS.ErrnoException;
    logger.fatal({ code, stack: isUnforeseen(fatal) ? stack : undefined }, message);
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

/**
 * Writes a dump on SIGUSR2, and before the process ends because of an uncaught error. After such an
 * error nothing is known to be right. Records that are not committed will be scored again.
 */
function dumpWhenAsked(now: { readonly daemon: Daemon | null }, logger: Logger): void {
  answerDumpSignal(() => {
    if (now.daemon === null) logger.warn('no dump of the state: the daemon has not started yet');
    else now.daemon.dump('SIGUSR2');
  });
  process.on('uncaughtException', (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    now.daemon?.dump('uncaught', error);
    logger.fatal({ code: (error as NodeJS.ErrnoException).code, stack: error.stack }, error.message);
    process.exit(EXIT.internal);
  });
}

/** Resolves to null if it was told to end while it started. Rejects with what is wrong. */
async function started(
  { config, isGiven }: LoadedJob,
  { failFast, resumeDedupe, forMs }: RunOptions,
  logger: Logger,
  ending: Ending,
  now: RunningJob,
): Promise<Daemon | null> {
  const { signal } = ending;
  try {
    return await Daemon.start(config, {
      logger,
      failFast,
      resumeDedupe,
      signal,
      isGiven,
      onNotReady: (why) => {
        now.waitsFor = why;
        // Wait as long as it would have scored.
        if (forMs !== undefined) ending.waitAtMost(forMs);
      },
      onFatal: (error) => ending.fail(error),
    });
  } catch (error) {
    if (error !== signal.reason) throw error;
    logger.info('told to end before the start was done');
    return null;
  }
}

/**
 * Shows what the daemon does until the end is reached. Resolves to the lanes that did not finish in
 * time.
 */
async function untilEnded(
  daemon: Daemon,
  config: Config,
  logger: Logger,
  ending: Ending,
  isQuiet: boolean,
): Promise<readonly string[]> {
  const stopShowing = isQuiet ? () => {} : showProgress(liveLine, daemon.meter, () => daemon.lag);
  const load = startLoad(config, daemon.sink, ending, logger).catch((error: Error) => ending.fail(error));
  await ending.reached;
  await load;
  const unfinished = await daemon.stop();
  stopShowing();
  return unfinished;
}

/** The summary of a run that ended before it had a model. */
const summaryOfNothing = ({ model, telemetry }: Config): Summary =>
  new Meter(telemetry.warmUp).summary({
    backend: 'none',
    model: model.name,
    versions: versions({ runtime: '' }),
  });

/**
 * By now everything is committed. So if the summary cannot be written, this is reported and does no
 * other harm.
 */
function writeSummary(summary: Summary, file: string | undefined): CannotWriteError | undefined {
  if (file === undefined) return undefined;
  try {
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
    return undefined;
  } catch (error) {
    return new CannotWriteError(
      `the summary could not be written: ${file}: ${fileTrouble(error, file, 'write')}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * With the embedded log nobody else can write the input, so the load source runs beside the daemon.
 */
async function startLoad(config: Config, sink: Sink, ending: Ending, logger: Logger): Promise<void> {
  const { recordsPerSecond, file } = config.generate;
  if (config.log !== 'memory' || recordsPerSecond === 0) return;
  const what = file === undefined ? 'generated records' : `records of ${file}`;
  logger.info(`sending ${what} into the embedded log, ${recordsPerSecond} a second`);
  const load = {
    sink,
    topic: config.input.topic,
    codec: writingCodec(config),
    records: await loadFor(config),
    recordsPerSecond,
    count: Number.POSITIVE_INFINITY,
    garbage: { share: 0, field: '' },
    batchBytesMax: config.limits.resultBatchBytes,
  };
  const result = await runLoad(load, ending.signal);
  if (result.failure !== undefined) throw result.failure;
  if (file !== undefined && !ending.signal.aborted)
    logger.info(`all ${result.sent} records of ${file} are sent; generate.repeat begins again`);
  const missed = shortfall(recordsPerSecond, result);
  if (missed !== null) logger.warn(`generate.recordsPerSecond: ${missed}`);
}

interface RunFlags {
  readonly quiet: boolean;
  readonly for?: number;
  readonly summary?: string;
  readonly failFast: boolean;
  readonly resumeDedupe: boolean;
}

export const registerRun: Register = (program, finish) => {
  withQuiet(withConfig(program, 'run', 'score the input topic until told to stop'))
    .option(
      '--for <duration>',
      'stop by itself after so long of scoring, or of waiting for what is not ready',
      durationArgument,
    )
    .option('--summary <file>', 'write the closing summary as JSON')
    .option('--fail-fast', 'exit when the broker is away at start, instead of waiting for it', false)
    .option(
      '--resume-dedupe',
      'read the ends of the outputs at start, and do not score again what is answered there',
      false,
    )
    .action(async (flags: ConfigFlags & RunFlags) => {
      finish(
        await runDaemon(loadWith(flags), {
          failFast: flags.failFast,
          resumeDedupe: flags.resumeDedupe,
          quiet: flags.quiet,
          ...(flags.for === undefined ? {} : { forMs: flags.for }),
          ...(flags.summary === undefined ? {} : { summaryFile: flags.summary }),
        }),
      );
    });
};
