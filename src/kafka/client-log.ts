// What kafkajs logs, made fit for people: an error object in place of words is words, what repeats several times a second is said
// now and then, and what needs someone to act says so.

import type { LogEntry, logCreator, logLevel } from 'kafkajs';
import { loadKafkaJs } from './seam.ts';

/** Where kafkajs's own log lines go. */
export type KafkaLog = (level: 'warn' | 'info' | 'debug', message: string, details: object) => void;

/** kafkajs warns that an idempotent producer must retry for ever. It does: the engine calls again, with the same batch. */
const RETRIES_ARE_OURS = 'Limiting retries for the idempotent producer';
/** The broker still ends the transaction before: ordinary since Kafka 4, and tried again at once. */
const STILL_ENDING = 'another concurrent operation on the same transaction';
const FOREIGN_PARTITIONS = 'Consumer group received unsubscribed topics';
/** The same line comes again no sooner. While a broker is away kafkajs writes several a second. */
const AGAIN_AFTER_MS = 10_000;
/** Lines that are remembered; more than kafkajs has. */
const LINES_MAX = 200;

interface Told {
  atMs: number;
  repeats: number;
}

export function clientLog(log: KafkaLog, nowMs: () => number = () => performance.now()): logCreator {
  const lines = new Map<string, Told>();
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
      const told = lines.get(line);
      if (told !== undefined && nowMs() - told.atMs < AGAIN_AFTER_MS) {
        told.repeats++;
        return;
      }
      if (lines.size >= LINES_MAX) lines.clear();
      lines.set(line, { atMs: nowMs(), repeats: 0 });
      const repeats = told === undefined || told.repeats === 0 ? {} : { repeats: told.repeats };
      const words = message === FOREIGN_PARTITIONS ? foreign(details) : `${namespace}: ${message}`;
      log(as, words, { ...details, ...repeats });
    };
}

/** What kafkajs calls an error it mostly tries again; what is one for a lane, the engine says itself. */
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
