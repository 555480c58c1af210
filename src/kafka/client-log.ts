// Makes the log of kafkajs readable for people: an error object becomes words, a line that repeats
// several times a second is logged seldom, and a line says so when somebody must act.

import type { LogEntry, logCreator, logLevel } from 'kafkajs';
import { Seldom } from '../base/seldom.ts';
import { loadKafkaJs } from './seam.ts';

/** Where kafkajs's own log lines go. */
export type KafkaLog = (level: 'warn' | 'info' | 'debug', message: string, details: object) => void;

/**
 * kafkajs warns that an idempotent producer must retry for ever. That is the case: the engine sends
 * the same batch again.
 */
const RETRIES_ARE_OURS = 'Limiting retries for the idempotent producer';
/**
 * The broker is still ending the transaction before: usual since Kafka 4, and tried again at once.
 */
const STILL_ENDING = 'another concurrent operation on the same transaction';
const FOREIGN_PARTITIONS = 'Consumer group received unsubscribed topics';
export function clientLog(log: KafkaLog, nowMs?: () => number): logCreator {
  const seldom = new Seldom(nowMs);
  return () =>
    ({ level, namespace, log: entry }: LogEntry) => {
      const { message: given, timestamp, logger, stack, ...details } = entry;
      // The types of kafkajs say that it is text.
      const message =
        (given as unknown) instanceof Error ? (given as unknown as Error).message : String(given);
      if (message.startsWith(RETRIES_ARE_OURS)) return;
      const isOrdinary = `${message} ${(details as { error?: unknown }).error}`.includes(STILL_ENDING);
      const as = isOrdinary ? 'debug' : levelName(level);
      const line = `${as} ${namespace} ${message.replace(/\d+ms/g, '')}`;
      // While a broker is away, kafkajs writes several lines a second.
      const held = seldom.repeatsOf(line);
      if (held === null) return;
      const repeats = held === 0 ? {} : { repeats: held };
      const text = message === FOREIGN_PARTITIONS ? foreign(details) : `${namespace}: ${message}`;
      log(as, text, { ...details, ...repeats });
    };
}

/**
 * Most things that kafkajs calls errors it tries again by itself. If a lane has an error, the
 * engine logs it.
 */
function levelName(level: logLevel): 'warn' | 'info' | 'debug' {
  const { logLevel: levels } = loadKafkaJs();
  if (level === levels.ERROR || level === levels.WARN) return 'warn';
  return level === levels.INFO ? 'info' : 'debug';
}

const foreign = ({
  groupId,
  topicsNotSubscribed,
}: {
  groupId?: string;
  topicsNotSubscribed?: string[];
}): string =>
  `not ready: the group "${groupId}" gave this member partitions of ${topicsNotSubscribed?.join(', ')}, which it does not read: ` +
  'nobody scores them. Another job is in the group; give each job a kafka.group.id of its own';
