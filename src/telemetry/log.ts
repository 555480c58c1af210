// The log: pino, one JSON object a line on standard error, so that standard output stays for what a command prints.

import { destination, type Logger, pino } from 'pino';

export type { Logger };

/** Lines that wait for a disk with room; more are dropped. */
const WAITING_BYTES_MAX = 2 ** 20;

export function createLogger(level: string): Logger {
  const standardError = destination({ fd: 2, sync: true, maxLength: WAITING_BYTES_MAX });
  // A full disk, a closed pipe: the lines are lost, and there is nowhere to say so. What comes later is tried again.
  standardError.on('error', () => {});
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, standardError);
}
