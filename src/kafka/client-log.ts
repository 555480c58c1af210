// What kafkajs logs, made fit for people: an error object in place of words is words, what repeats
// several times a second is said now and then, and what needs someone to act says so.

import type { LogEntry, logCreator, logLevel } from 'kafkajs';
import { Seldom } from '../base/seldom.ts';
import { loadKafkaJs } from './seam.ts';

/** Where kafkajs's own log lines go. */
export type KafkaLog = (level: 'warn' | 'info' | 'debug', message: string, details: object) => void;

/**
 * kafkajs warns that an idempotent producer must retry for ever. It does: the engine calls again,
 * with the same batch.
 */
const RETRIES_ARE_OURS = 'Limiting retries for the idempotent producer';
/**
 * The broker still ends the transaction before: ordinary since Kafka 4, and tried again at once.
 */
const STILL_ENDING = 'another concurrent operation on the same transaction';
const FOREIGN_PARTITIONS = 'Consumer group received unsubscribed topics';
export function clientLog(log: KafkaLog, nowMs?: () => number): logCreator {
  const seldom = new Seldom(nowMs);
  return () =>
    ({ level, namespace, log: entry }: LogEntry) => {
      const { message: given, timestamp, logger, stack, ...details } = entry;
      // kafkajs's types promise text.
      const message =
        (given as unknown) instanceof Error ? (given as unknown as Error).message : String(given);
      if (message.startsWith(RETRIES_ARE_OURS)) return;
      const isOrdinary = `${message} ${(details as { error?: unknown }).error}`.includes(STILL_ENDING);
      const as = isOrdinary ? 'debug' : levelName(level);
      const line = `${as} ${namespace} ${message.replace(/\d+ms/g, '')}`;
      // While a broker is away kafkajs writes several a second.
      const held = seldom.repeatsOf(line);
      if (held === null) return;
      const repeats = held === 0 ? {} : { repeats: held };
      const text = message === FOREIGN_PARTITIONS ? foreign(details) : `${namespace}: ${message}`;
      log(as, text, { ...details, ...repeats });
    };
}

/**
 * What kafkajs calls an error it mostly tries again; what is one for a lane, the engine says
 * itself.
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
