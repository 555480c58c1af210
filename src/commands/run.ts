// `scorelane run`: the daemon in a terminal. It shows what the daemon does, and ends it in order.

import { writeFileSync } from 'node:fs';
import { EXIT, exitCodeOf, isUnforeseen } from '../base/errors.ts';
import type { LoadedConfig, LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { aboutNothing } from '../daemon/daemon.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import type { RunJob } from '../daemon/jobs.ts';
import { Reloader } from '../daemon/reloader.ts';
import { showProgress } from '../daemon/reporting.ts';
import { newJob, type RunningJob } from '../daemon/running-job.ts';
import { serveHttp } from '../daemon/serve.ts';
import { scorelaneVersion } from '../daemon/versions.ts';
import { answerDumpSignal, answerReloadSignal } from '../signals.ts';
import { liveLine } from '../telemetry/live-line.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { Meter, type Summary } from '../telemetry/meter.ts';
import { atMost } from '../time/bounded.ts';
import { Tracing } from '../tracing/tracing.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { beginJob, beginJobs, type JobsBegun } from './begin.ts';
import { Ending } from './ending.ts';
import {
  type ConfigFlags,
  durationArgument,
  loadWith,
  type Register,
  withConfig,
  withQuiet,
} from './options.ts';
import { say } from './say.ts';
import { startLoad } from './start-load.ts';
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
  /** Reads the configuration again; none for one that is not the user's. */
  readonly read?: () => LoadedConfig;
}

/** For the spans that wait, when all else has stopped. */
const SPANS_MS = 2_000;

/**
 * Runs until a signal, the end of the given time, or a fatal error. A run can also be ended while
 * it starts. Resolves to the exit code.
 */
export async function runDaemon(loaded: LoadedConfig, options: RunOptions): Promise<number> {
  const { shared, jobs, isNamed } = loaded;
  const [{ isGiven }] = jobs as readonly [LoadedJob];
  const logger = createLogger(shared.telemetry.logLevel, shared.telemetry.logFormat);
  const ending = new Ending();
  const running: RunningJob[] = jobs.map(({ name }) => newJob(name));
  dumpWhenAsked(running, logger);
  const { read } = options;
  const reloader = read === undefined ? null : new Reloader(loaded, read, running, logger);
  if (reloader !== null) answerReloadSignal(() => reloader.tryReload('SIGHUP'));
  const tracing = await Tracing.start(shared.tracing, scorelaneVersion, logger);
  const server = await serveHttp(shared, running, {
    logger,
    isGiven,
    tracing,
    reloader,
    drain: () => ending.reach(),
  });
  const begun = await (isNamed ? beginJobs : beginJob)(loaded, running, {
    ...options,
    logger,
    ending,
    tracing,
  });
  const { forMs } = options;
  // From when the first of them scores.
  const first = Promise.race(begun?.jobs.map((job) => job.begun) ?? []);
  if (forMs !== undefined && begun !== null) void first.then(() => ending.after(forMs));
  const unfinished = begun === null ? [] : await untilEnded(begun, logger, ending, options.quiet);
  if (tracing !== null) await atMost(SPANS_MS, tracing.stop());
  await server?.stop();
  if (!options.quiet && begun === null) say('ended before it began to score');
  for (const job of options.quiet ? [] : (begun?.jobs ?? [])) {
    if (isNamed) say(`job ${job.name}`);
    printSummary(job.summary(), job.lag);
  }
  const summaries = jobs.map(({ name, config }, index) => {
    const summary = begun?.jobs[index]?.summary() ?? summaryOfNothing(config);
    return [name, summary] as const;
  });
  const written = isNamed ? { jobs: Object.fromEntries(summaries) } : summaries[0]?.[1];
  const unwritten = writeSummary(written, options.summaryFile);
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
function dumpWhenAsked(jobs: readonly RunningJob[], logger: Logger): void {
  const dump = (why: string, error?: Error): boolean => {
    const started = jobs.filter(({ daemon }) => daemon !== null);
    for (const { daemon } of started) daemon?.dump(why, error);
    return started.length > 0;
  };
  answerDumpSignal(() => {
    if (!dump('SIGUSR2')) logger.warn('no dump of the state: the daemon has not started yet');
  });
  process.on('uncaughtException', (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    dump('uncaught', error);
    logger.fatal({ code: (error as NodeJS.ErrnoException).code, stack: error.stack }, error.message);
    process.exit(EXIT.internal);
  });
}

/**
 * Shows what the jobs do until the end is reached. Resolves to the lanes that did not finish in
 * time.
 */
async function untilEnded(
  run: JobsBegun,
  logger: Logger,
  ending: Ending,
  isQuiet: boolean,
): Promise<readonly string[]> {
  const { jobs } = run;
  const meters = jobs.map(({ meter }) => meter);
  const stopShowing = isQuiet ? () => {} : showProgress(liveLine, meters, () => lagOf(jobs));
  const feed = async ({ name, config, sink, begun }: RunJob): Promise<void> => {
    await Promise.race([begun, ending.reached]);
    await startLoad(config, sink, ending.signal, jobs.length > 1 ? logger.child({ job: name }) : logger);
  };
  const loads = jobs.map((job) => feed(job).catch((error: Error) => ending.fail(error)));
  await ending.reached;
  await Promise.all(loads);
  const unfinished = await run.stop();
  stopShowing();
  return unfinished;
}

/** Null while it is not known of each job. */
const lagOf = (jobs: JobsBegun['jobs']): number | null =>
  jobs.map((job) => job.lag).reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0);

/** The summary of a run that ended before it had a model. */
const summaryOfNothing = (config: Config): Summary =>
  new Meter(config.telemetry.warmUp).summary(aboutNothing(config));

/**
 * By now everything is committed. So if the summary cannot be written, this is reported and does no
 * other harm.
 */
function writeSummary(summary: object | undefined, file: string | undefined): CannotWriteError | undefined {
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
          read: () => loadWith(flags),
          failFast: flags.failFast,
          resumeDedupe: flags.resumeDedupe,
          quiet: flags.quiet,
          ...(flags.for === undefined ? {} : { forMs: flags.for }),
          ...(flags.summary === undefined ? {} : { summaryFile: flags.summary }),
        }),
      );
    });
};
