// What people are told of kafkajs's own log: it may throw at nobody, and what repeats may not drown
// the rest.

import test from 'ava';
import { clientLog, isAway } from '../../src/kafka/client-log.ts';

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

const REFUSED = 'Connection error: connect ECONNREFUSED 127.0.0.1:9092';

test("kafkajs's own words are for debug, also an error in place of words", (t) => {
  t.deepEqual(told([new Error('SASL PLAIN authentication failed'), 0], ['Restarting the consumer', 0]), [
    'debug Cluster: SASL PLAIN authentication failed {}',
    'debug Cluster: Restarting the consumer {}',
  ]);
});

test('what follows from a broker that is away is known: it is gone, or a request got no answer', (t) => {
  for (const message of [REFUSED, 'Request OffsetCommit(key: 8, version: 5) timed out'])
    t.true(isAway({ message }), message);
  t.false(isAway({ message: 'The group is rebalancing, so a rejoin is needed' }));
});

test('a broker that is away is one sentence with what to do, however kafkajs says it, and again after ten seconds', (t) => {
  const details = { broker: 'b:9092' };
  const lines = told(
    [REFUSED, 0, details],
    ['Failed to connect to seed broker, trying another broker from the list', 300, details],
    ['Connection timeout', 300, details],
    ['Closed connection', 300, details],
    [REFUSED, 10_000, details],
  );
  t.is(lines.length, 2, lines.join('\n'));
  t.regex(
    lines[0] ?? '',
    /^warn not ready: the broker b:9092 does not answer \(ECONNREFUSED\); trying again\. If it lasts: .*kafka\.bootstrap/,
  );
  t.regex(lines[1] ?? '', /^warn not ready: the broker b:9092 .*\{"repeats":3\}$/);
});

test('a minute without a broker is at most ten lines', (t) => {
  const minute = Array.from(
    { length: 600 },
    (_, index) => [index % 2 ? REFUSED : 'Connection timeout', 100] as const,
  );
  const lines = told(...minute).filter((line) => !line.startsWith('debug'));
  t.true(lines.length >= 6 && lines.length <= 10, lines.join('\n'));
});

test('times in a line do not make it another', (t) => {
  t.is(told(['Restarting the consumer in 98ms', 0], ['Restarting the consumer in 117ms', 100]).length, 1);
});

test('a member with partitions of what it does not read says so, with the group', (t) => {
  const details = { groupId: 'g', topicsNotSubscribed: ['orders'] };
  const [line] = told(['Consumer group received unsubscribed topics', 0, details]);
  t.regex(
    line ?? '',
    /^warn not ready: the group "g" gave this member partitions of orders, .*kafka\.group\.id of its own/,
  );
});
