// Writes what the daemon knows about itself to a file, for people who have to find out what is
// wrong: all lanes, and the last messages to the engine. On SIGUSR2, and on an error after which
// nothing goes on.

import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, exitCodeOf } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import type { Driver } from '../engine/driver.ts';
import { saveEngine } from '../engine/saved-state.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { DUMP_FORMAT, dumpText } from './dump-text.ts';
import { scorelaneVersion } from './versions.ts';

/** How many dumps stay in one folder, of all daemons of one user; the oldest are deleted. */
export const DUMPS_MAX = 10;
/** Only the owner may read it: topics, partitions and offsets are nobody else's business. */
const OWNER_ONLY = 0o600;
const NAME = /^scorelane-dump-\d{8}T\d{12}Z-.*-[0-9a-f]{8}\.json$/;

export interface Dumped {
  readonly driver: Driver;
  readonly meter: Meter;
  readonly logger: Logger;
  /** Null: the system's temporary one. */
  readonly folder: string | null;
}

/**
 * Whether an error asks for a dump: a fault of scorelane itself, or lanes that stand still and
 * nobody knows why.
 */
export const asksForDump = (error: Error): boolean =>
  ([EXIT.internal, EXIT.stalled] as number[]).includes(exitCodeOf(error));

/**
 * Logs where the dump is, or why there is none. The caller goes on in either case. Returns the
 * path, or null if there is none.
 */
export function writeDump(
  { driver, meter, logger, folder }: Dumped,
  why: string,
  error?: Error,
): string | null {
  const takenAt = new Date();
  try {
    const { name, code, message, stack = '' } = (error ?? {}) as NodeJS.ErrnoException;
    const text = dumpText({
      format: DUMP_FORMAT,
      version: scorelaneVersion,
      takenAt: takenAt.toISOString(),
      why,
      error:
        error === undefined
          ? null
          : {
              name: name as string,
              code: code ?? null,
              stack: placesIn(stack, message),
            },
      counts: { ...meter.records, ...meter.daemon, windows: meter.windows },
      threads: meter.threads.summary(),
      engine: { state: saveEngine(driver.state), parts: driver.recorded },
    });
    const path = writeNew(folder ?? tmpdir(), text);
    logger.warn({ why }, `the state is dumped to ${path}`);
    deleteOldest(folder ?? tmpdir());
    return path;
  } catch (trouble) {
    const { code, message } = trouble as NodeJS.ErrnoException;
    logger.error({ code, why }, `a dump of the state failed: ${message}`);
    return null;
  }
}

/** The lines of a stack behind the message, which may have any lines of its own. */
function placesIn(stack: string, message: string): string[] {
  const begin = stack.indexOf(message);
  const behind = begin < 0 ? '' : stack.slice(begin + message.length);
  return behind.split('\n').filter((line) => /^\s+at /.test(line));
}

/**
 * To the microsecond: several dumps may be written in one millisecond, and names tell their order.
 */
function timeOfName(): string {
  const microseconds = Math.floor((performance.timeOrigin + performance.now()) * 1_000);
  const milliseconds = new Date(Math.floor(microseconds / 1_000)).toISOString().replace(/[-:.Z]/g, '');
  return `${milliseconds}${String(microseconds % 1_000).padStart(3, '0')}Z`;
}

/** Never writes into a file that exists: in a folder for all users it may be another's. */
function writeNew(folder: string, text: string): string {
  makeFolder(folder);
  const path = join(folder, `scorelane-dump-${timeOfName()}-${hostname()}-${randomUUID().slice(0, 8)}.json`);
  try {
    writeFileSync(path, text, { flag: 'wx', mode: OWNER_ONLY });
  } catch (error) {
    // The disk may be full, and the file half written.
    rmSync(path, { force: true });
    throw error;
  }
  return path;
}

function deleteOldest(folder: string): void {
  const user = process.getuid?.();
  const dumps = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false })?.uid === user)
    // Sorted by name is sorted by time.
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const { path } of dumps.slice(0, -DUMPS_MAX)) rmSync(path, { force: true });
}
