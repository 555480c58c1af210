// What a daemon is made of, as far as its start has come, and how all of it ends.

import type { Driver } from '../engine/driver.ts';
import type { Stopped } from '../engine/leaving.ts';
import type { Sink } from '../log/ports.ts';
import { atMost } from '../time/bounded.ts';
import type { LabelWatch } from './label-watch.ts';
import type { LivingModel } from './living-model.ts';
import type { Pool } from './pools.ts';
import type { ServedVersions } from './served.ts';
import type { WorkerThreads } from './worker-threads.ts';

/** What a start has opened so far. */
export interface DaemonParts {
  /** The job's own. */
  threads?: WorkerThreads;
  /** Ends hearing of lost threads, and sharing them. */
  deaf?: () => void;
  sink?: Sink;
  pool?: Pool;
  served?: ServedVersions;
  driver?: Driver;
  living?: LivingModel;
  labels?: LabelWatch | null;
}

/**
 * The part of a stop's time that is kept for threads and connections, if the engine needs all of
 * its own.
 */
const CLOSING_SHARE = 1 / 8;
/** A start that is given up has nothing in flight: it waits no longer for anybody. */
export const GIVE_UP_MS = 1_000;

/** The engine first, as it needs the others; then threads and connections at once. */
export async function closeParts(
  { driver, living, pool, served, sink, threads, deaf, labels }: DaemonParts,
  withinMs: number,
): Promise<Stopped> {
  labels?.stop();
  const untilMs = performance.now() + withinMs;
  const ended = [living?.stop(), served?.endAll('the job ends')];
  const stopped = await driver?.stop(withinMs * (1 - CLOSING_SHARE));
  await atMost(untilMs - performance.now(), Promise.all(ended));
  await atMost(untilMs - performance.now(), Promise.all([(pool ?? threads)?.stop(), sink?.stop()]));
  deaf?.();
  return stopped ?? { unfinished: [] };
}
