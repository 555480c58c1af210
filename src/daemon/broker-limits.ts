// Compares the configuration with the limits that the broker sets: what is outside would be refused
// again and again while the daemon runs.

import type { Config } from '../config/schema.ts';
import { durationInWords, sizeInWords } from '../config/units.ts';
import type { Settings } from '../kafka/topic-settings.ts';

/** The keys that the broker refuses, with what it demands. */
export function beyondBroker(config: Config, broker: Settings): string[] {
  const { kafka, limits } = config;
  const number = (setting: string): number => Number(broker.get(setting) ?? Number.NaN);
  const problem = (key: string, found: string, expected: string, settings: string): string =>
    `${key}: expected ${expected}, as the broker demands (${settings}), found ${found}`;
  const sessionMs = kafka['session.timeout.ms'];
  const [leastMs, mostMs] = [number('group.min.session.timeout.ms'), number('group.max.session.timeout.ms')];
  const transactionMs = kafka['transaction.timeout.ms'];
  const longestMs = number('transaction.max.timeout.ms');
  const requestBytes = number('socket.request.max.bytes');
  return [
    ...(sessionMs < leastMs || sessionMs > mostMs
      ? [
          problem(
            'kafka.session.timeout.ms',
            durationInWords(sessionMs),
            `${durationInWords(leastMs)} to ${durationInWords(mostMs)}`,
            'group.min.session.timeout.ms, group.max.session.timeout.ms',
          ),
        ]
      : []),
    ...(kafka['transactional.id'] !== undefined && transactionMs > longestMs
      ? [
          problem(
            'kafka.transaction.timeout.ms',
            durationInWords(transactionMs),
            `at most ${durationInWords(longestMs)}`,
            'transaction.max.timeout.ms',
          ),
        ]
      : []),
    ...(limits.resultBatchBytes >= requestBytes
      ? [
          problem(
            'limits.resultBatchBytes',
            sizeInWords(limits.resultBatchBytes),
            `less than ${sizeInWords(requestBytes)}`,
            'socket.request.max.bytes',
          ),
        ]
      : []),
  ];
}
