// The log: pino, one JSON object a line on standard error, so that standard output stays for what a command prints.

import { destination, type Logger, pino } from 'pino';

export type { Logger };

export const createLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
