// Lines of the log for people: time, level, message, then the details as key=value.

import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { pino } from 'pino';
import type { PrettyOptions } from 'pino-pretty';

const require = createRequire(import.meta.url);

/** The width of the message; after a longer message the details begin further right. */
const WORDS_WIDTH = 56;
const LEVEL_WIDTH = 5;
const OWN_COLUMNS: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'stack']);

/**
 * Returns a function that turns a line of JSON into a line for people. The library is loaded only
 * here.
 */
export function prettifier(colours: boolean): (line: string) => string {
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty');
  const options: PrettyOptions = {
    colorize: colours,
    hideObject: true,
    translateTime: 'SYS:HH:MM:ss.l',
    customPrettifiers: { time: (time) => `${time}` },
    messageFormat: (log) => columns(log),
  };
  return prettyFactory(options);
}

function columns({ level, msg, stack, ...log }: Record<string, unknown>): string {
  const label = pino.levels.labels[Number(level)] ?? '';
  const pairs = Object.entries(log)
    .filter(([key, value]) => !OWN_COLUMNS.has(key) && value !== undefined)
    .map(([key, value]) => `${key}=${text(value)}`);
  const message = ' '.repeat(Math.max(0, LEVEL_WIDTH - label.length)) + harmless(String(msg ?? ''));
  const line = pairs.length === 0 ? message : [message.padEnd(WORDS_WIDTH), ...pairs].join('  ');
  return typeof stack === 'string' ? `${line}\n${harmless(stack)}` : line;
}

function text(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object'))
    return value.map(text).join(',');
  if (typeof value !== 'string')
    return harmless(inspect(value, { depth: 9, breakLength: Number.POSITIVE_INFINITY, compact: true }));
  return harmless(/^[^\s="]+$/.test(value) ? value : JSON.stringify(value));
}

/** Text of others, such as a refused value, may hold commands for a terminal. */
const harmless = (given: string): string =>
  given.replace(/(?!\n)\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
