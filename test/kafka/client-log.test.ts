// What people are told of kafkajs's own log: it may throw at nobody, and what repeats may not drown
// the rest.

import test from 'ava';
import { clientLog } from '../../src/kafka/client-log.ts';

const WARN = 2;

/** Passes entries on; a pair is what kafkajs logs and how much later. */
function told(
  ...entries: readonly (readonly [message: unknown, afterMs: number, details?: object])[]
): string[] {
  const lines: string[] = [];
  let nowMs = 0;
  const log = clientLog(
    (level, message, details) => lines.push(`${level} ${message} ${JSON.stringify(details)}`),
    () => nowMs,
  )(WARN);
  for (const [message, afterMs, details] of entries) {
    nowMs += afterMs;
    const entry = { timestamp: '', logger: 'kafkajs', message: message as string, ...details };
    log({ namespace: 'Cluster', level: WARN, label: 'WARN', log: entry });
  }
  return lines;
}

test('an error in place of words is words', (t) => {
  t.deepEqual(told([new Error('SASL PLAIN authentication failed'), 0]), [
    'warn Cluster: SASL PLAIN authentication failed {}',
  ]);
});

test('the same line comes again after ten seconds only, and says how often it was left out', (t) => {
  const lines = told(
    ['away', 0],
    ['away', 300],
    ['other', 300],
    ['away', 300],
    ['away', 10_000],
    ['away', 10_000],
  );
  t.deepEqual(lines, [
    'warn Cluster: away {}',
    'warn Cluster: other {}',
    'warn Cluster: away {"repeats":2}',
    'warn Cluster: away {}',
  ]);
});

test('times in a line do not make it another', (t) => {
  t.is(told(['Restarting the consumer in 98ms', 0], ['Restarting the consumer in 117ms', 100]).length, 1);
});

test('a member with partitions of what it does not read says so, with the group', (t) => {
  const details = { groupId: 'g', topicsNotSubscribed: ['orders'] };
  const [line] = told(['Consumer group received unsubscribed topics', 0, details]);
  t.regex(
    line ?? '',
    /not ready: the group "g" gave this member partitions of orders, .*kafka\.group\.id of its own/,
  );
});

test('that a transaction before is still ending is ordinary; another error of the same request is not', (t) => {
  const message = 'Response AddPartitionsToTxn(key: 24, version: 1)';
  const ending =
    'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing';
  const lines = told([message, 0, { error: ending }], [message, 100, { error: 'not authorized' }]);
  t.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['debug', 'warn'],
  );
});
