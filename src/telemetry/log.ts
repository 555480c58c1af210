// The log: pino writes one line for each event to standard error, because standard output is for
// what a command prints. For programs each line is a JSON object; for people at a terminal it has
// columns.

import { isatty } from 'node:tty';
import { destination, type Logger, pino } from 'pino';
import { liveLine } from './live-line.ts';
import { prettifier } from './pretty.ts';

export type { Logger };

/** From the one that says the most. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** auto: pretty where standard error is a terminal. */
export type LogFormat = 'auto' | 'pretty' | 'json';

/** The bytes of lines that may wait while a disk is full; further lines are dropped. */
const WAITING_BYTES_MAX = 2 ** 20;

const childrenOf = new WeakMap<Logger, readonly Logger[]>();

export function createLogger(level: string, format: LogFormat = 'auto'): Logger {
  const standardError = destination({ fd: 2, sync: true, maxLength: WAITING_BYTES_MAX });
  // On a full disk or a closed pipe the lines are lost, and there is no place to say so. Later
  // lines are tried again.
  standardError.on('error', () => {});
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const isTerminal = isatty(2);
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  // `hasColors` looks at NO_COLOR and TERM.
  const pretty = isPretty ? prettifier(isTerminal && process.stderr.hasColors()) : (line: string) => line;
  const children: Logger[] = [];
  const logger: Logger = pino(
    { ...options, onChild: (child) => void children.push(child) },
    { write: (line) => liveLine.above(() => standardError.write(pretty(line))) },
  );
  childrenOf.set(logger, children);
  return logger;
}

/** Of a logger and of all that it has made for jobs: pino gives each a level of its own. */
export function setLogLevel(logger: Logger, level: string): void {
  for (const each of [logger, ...(childrenOf.get(logger) ?? [])]) each.level = level;
}
