// What no waiting mends is told from what may pass, and named: by kafkajs's errors as they come,
// wrapped or not.

import test from 'ava';
import { KafkaSettingsError } from '../../src/kafka/login.ts';
import { GroupInUseError, RefusedError, refusalOf, unreachable } from '../../src/kafka/refusal.ts';
import { settingsFor } from '../support/kafka.ts';

const settings = settingsFor('127.0.0.1:9092', {
  'group.id': 'g',
  'transactional.id': 'tx',
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': 'PLAIN',
  'sasl.username': 'bob',
});

/** As kafkajs wraps it once its retries are over. */
const wrapped = (properties: object, message = 'words of kafkajs'): Error =>
  new Error('retries exceeded', { cause: Object.assign(new Error(message), properties) });

const refusal = (properties: object, operation: 'Read' | 'Write' = 'Read') =>
  refusalOf(wrapped(properties), settings, { topic: 'in', operation });

test('a login that is refused, at first or again, names the user', (t) => {
  const found = refusal({ name: 'KafkaJSSASLAuthenticationError' });
  t.true(found instanceof RefusedError);
  t.is(
    found?.message,
    'the broker refuses the login of user "bob" (PLAIN) (kafka.sasl.username, kafka.sasl.password): words of kafkajs',
  );
});

for (const [type, right] of [
  ['TOPIC_AUTHORIZATION_FAILED', 'Write on topic "in"'],
  ['GROUP_AUTHORIZATION_FAILED', 'Read on group "g"'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'Write on transactional ids prefixed "tx-"'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'Write on topic "in", or IdempotentWrite'],
] as const) {
  test(`${type} names the right that is missing, and who lacks it`, (t) => {
    const { message } = refusal({ type }, 'Write') as Error;
    t.true(message.startsWith(`user "bob" (PLAIN) lacks the right: ${right}`), message);
  });
}

test('a certificate that is not trusted is refused, a connection that is refused may come', (t) => {
  t.regex(
    refusal({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })?.message ?? '',
    /authority that is not trusted.*ssl\.ca\.location/,
  );
  t.is(refusal({ code: 'ECONNREFUSED' }), undefined);
  t.is(refusal({ type: 'NOT_COORDINATOR_FOR_GROUP' }), undefined);
});

for (const [type, words] of [
  ['INVALID_SESSION_TIMEOUT', 'kafka.session.timeout.ms: expected a time that the broker allows'],
  ['INVALID_TRANSACTION_TIMEOUT', 'kafka.transaction.timeout.ms: expected a time that the broker allows'],
] as const) {
  test(`${type} names the key that the broker limits`, (t) => {
    const found = refusal({ type });
    t.true(found instanceof KafkaSettingsError);
    t.true(found?.message.startsWith(words), found?.message);
  });
}

test('a group of clients with another protocol is one in use', (t) => {
  t.true(refusal({ type: 'INCONSISTENT_GROUP_PROTOCOL' }) instanceof GroupInUseError);
});

test('an address that only the broker named is said to be its own', (t) => {
  const failed = (broker: string) => unreachable(wrapped({ broker }, 'connect ECONNREFUSED'), settings);
  t.is(
    failed('inside:9093'),
    "it answered, and named inside:9093 as the address to use (the broker's advertised.listeners): connect ECONNREFUSED",
  );
  t.is(failed('127.0.0.1:9092'), 'retries exceeded');
});
