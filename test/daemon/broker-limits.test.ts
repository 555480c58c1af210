// What the broker would refuse while the daemon runs is found in its settings before.

import test from 'ava';
import { beyondBroker } from '../../src/daemon/broker-limits.ts';
import { load, MINIMAL } from '../support/config.ts';

/** As Kafka has them unless set. */
const BROKER = new Map([
  ['group.min.session.timeout.ms', '6000'],
  ['group.max.session.timeout.ms', '1800000'],
  ['transaction.max.timeout.ms', '900000'],
  ['socket.request.max.bytes', '104857600'],
]);

const beyond = (...settings: string[]): string[] => beyondBroker(load(MINIMAL, settings).config, BROKER);

test('the defaults are within the limits of a broker as it is made', (t) => {
  t.deepEqual(beyond(), []);
  t.deepEqual(beyond('kafka.transactional.id=tx'), []);
});

test('a session that is too short, a transaction that is too long and a batch that is too large are told with the limit', (t) => {
  t.deepEqual(beyond('kafka.session.timeout.ms=5s', 'kafka.heartbeat.interval.ms=1s'), [
    'kafka.session.timeout.ms: expected 6s to 30m, as the broker demands (group.min.session.timeout.ms, ' +
      'group.max.session.timeout.ms), found 5s',
  ]);
  t.regex(
    beyond('kafka.transactional.id=tx', 'kafka.transaction.timeout.ms=1h').join(),
    /at most 15m,.*found 1h/,
  );
  t.regex(beyond('limits.resultBatchBytes=100MiB').join(), /less than 100MiB, .*socket\.request\.max\.bytes/);
});

test('without transactions their time does not matter, and a broker that tells nothing demands nothing', (t) => {
  t.deepEqual(beyond('kafka.transaction.timeout.ms=1h'), []);
  t.deepEqual(beyondBroker(load(MINIMAL).config, new Map()), []);
});
