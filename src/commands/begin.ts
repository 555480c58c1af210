// How a run begins: with one job, whose trouble is that of the process, or with several, which are
// started again one by one.

import type { LoadedConfig, LoadedJob } from '../config/loaded.ts';
import { Daemon } from '../daemon/daemon.ts';
import { Jobs, type RunJob } from '../daemon/jobs.ts';
import { hasBegun, type RunningJob } from '../daemon/running-job.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Ending } from './ending.ts';

export interface BeginOptions {
  readonly logger: Logger;
  readonly ending: Ending;
  readonly forMs?: number;
  readonly failFast: boolean;
  readonly resumeDedupe: boolean;
  readonly tracing: Tracing | null;
}

/** What has begun, job by job. */
export interface JobsBegun {
  readonly jobs: readonly RunJob[];
  /** Resolves to the lanes that had not finished before their deadline. */
  stop(): Promise<readonly string[]>;
}

/** Resolves to null if it was told to end while it started. Rejects with what is wrong. */
export const beginJob = (
  { jobs }: LoadedConfig,
  [now]: readonly RunningJob[],
  options: BeginOptions,
): Promise<JobsBegun | null> =>
  unlessEnded(options, async () => {
    const [{ name, config, isGiven }] = jobs as readonly [LoadedJob];
    const { logger, failFast, resumeDedupe, tracing, ending } = options;
    const daemon = await Daemon.start(config, {
      logger,
      failFast,
      resumeDedupe,
      tracing,
      signal: ending.signal,
      isGiven,
      onNotReady: (why) => {
        if (now !== undefined) now.waitsFor = why;
        waitAtMost(options);
      },
      onFatal: (error) => ending.fail(error),
    });
    if (now !== undefined) hasBegun(now, daemon);
    const { meter, sink } = daemon;
    const job = { name, config, meter, sink, begun: Promise.resolve(), summary: () => daemon.summary() };
    return {
      jobs: [
        {
          ...job,
          get lag() {
            return daemon.lag;
          },
        },
      ],
      stop: () => daemon.stop(),
    };
  });

/** The same for several. Once all models are tried, those that wait hold up no others. */
export const beginJobs = (
  { jobs }: LoadedConfig,
  running: readonly RunningJob[],
  options: BeginOptions,
): Promise<JobsBegun | null> =>
  unlessEnded(options, () => {
    const { logger, failFast, resumeDedupe, tracing, ending } = options;
    return Jobs.start(jobs, running, {
      logger,
      failFast,
      resumeDedupe,
      tracing,
      signal: ending.signal,
      onNotReady: () => waitAtMost(options),
      onFatal: (error) => ending.fail(error),
    });
  });

/** Wait as long as it would have scored. */
function waitAtMost({ forMs, ending }: BeginOptions): void {
  if (forMs !== undefined) ending.waitAtMost(forMs);
}

async function unlessEnded(
  { ending: { signal }, logger }: BeginOptions,
  begin: () => Promise<JobsBegun>,
): Promise<JobsBegun | null> {
  try {
    return await begin();
  } catch (error) {
    if (error !== signal.reason) throw error;
    logger.info('told to end before the start was done');
    return null;
  }
}
