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
  return pino(options, {
    write: (line) => liveLine.above(() => standardError.write(pretty(line))),
  });
}
