// Makes of the log of kafkajs what somebody can act on: a sentence for each cause, with what to do,
// and again every ten seconds while it lasts. kafkajs's own words are for `debug`: it says the same
// several times a second, and tries most of it again by itself.

import type { LogEntry, logCreator } from 'kafkajs';
import { Seldom } from '../base/seldom.ts';

/** Where the lines go. `saysAway`: it says that a broker does not answer. */
export type KafkaLog = (level: 'warn' | 'debug', message: string, details: object, saysAway: boolean) => void;

/** What can be known of a line. */
interface Line {
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A cause that somebody must know of. */
interface Cause {
  readonly name: string;
  readonly is: RegExp;
  readonly inWords: (line: Line) => string;
}

const AWAY = /^Connection (?:error|timeout)|^Failed to connect|^Closed connection$/i;

/**
 * The connection of such a request is closed (connection.ts), and the client's log says it as an
 * error of that connection.
 */
const UNANSWERED = /^Request \w+\(key: \d+, version: \d+\) timed out$/;

/**
 * Whether an error says no more than that a broker does not answer, which the client's log says.
 */
export const isAway = ({ message }: Pick<Error, 'message'>): boolean =>
  AWAY.test(message) || UNANSWERED.test(message);

const CAUSES: readonly Cause[] = [
  {
    name: 'away',
    is: AWAY,
    inWords: ({ message, details }) =>
      `not ready: the broker ${details.broker ?? ''} does not answer (${reason(message)}); trying again. ` +
      'If it lasts: does it run, and can it be reached at this address (kafka.bootstrap.servers, advertised.listeners)?',
  },
  {
    name: 'foreign',
    is: /^Consumer group received unsubscribed topics/,
    inWords: ({ details }) =>
      `not ready: the group "${details.groupId}" gave this member partitions of ${list(details.topicsNotSubscribed)}, ` +
      'which it does not read: nobody scores them. Another job is in the group; give each job a kafka.group.id of its own',
  },
];

export function clientLog(log: KafkaLog, nowMs?: () => number): logCreator {
  const seldom = new Seldom(nowMs);
  return () =>
    ({ namespace, log: entry }: LogEntry) => {
      const { message: given, timestamp, logger, stack, ...details } = entry;
      // The types of kafkajs say that it is text.
      const message =
        (given as unknown) instanceof Error ? (given as unknown as Error).message : String(given);
      const cause = CAUSES.find(({ is }) => is.test(message));
      const held = seldom.repeatsOf(cause?.name ?? `${namespace} ${message.replace(/\d+ms/g, '')}`);
      if (held === null) return;
      const repeats = held === 0 ? {} : { repeats: held };
      if (cause === undefined) log('debug', `${namespace}: ${message}`, { ...details, ...repeats }, false);
      else log('warn', cause.inWords({ message, details }), repeats, cause.name === 'away');
    };
}

/** Without the address, which is said already. */
const reason = (message: string): string =>
  /\b(?:connect )?(E[A-Z]{4,})\b/.exec(message)?.[1] ?? message.replace(/^Connection error: /, '');

const list = (names: unknown): string => (Array.isArray(names) ? names.join(', ') : String(names));
