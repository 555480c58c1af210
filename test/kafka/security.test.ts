// Encryption and login pass through to a real broker: TLS alone, and SASL with each mechanism over
// TLS and without.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { KafkaSettings } from '../../src/kafka/client.ts';
import { KafkaSettingsError } from '../../src/kafka/login.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { type Broker, freePort } from '../../tools/broker.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import { kafkaFor, settingsFor, testBroker } from '../support/kafka.ts';
import { batchOf } from '../support/records.ts';

const PLAIN_LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const SCRAM_LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
const folder = tempFolder('tls');
const keystore = join(folder, 'broker.p12');
const certificate = join(folder, 'broker.pem');
const PASSWORD = 'hush-hush';
const ports = { SSL: 0, SASL_PLAINTEXT: 0, SASL_SSL: 0 };
let broker: Broker | undefined;

test.before(async (t) => {
  t.timeout(180_000);
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', 'broker'];
  const subject = ['-dname', 'CN=localhost', '-ext', 'SAN=IP:127.0.0.1', '-validity', '2', '-keyalg', 'RSA'];
  await run('keytool', ['-genkeypair', ...store, ...subject]);
  await run('keytool', ['-exportcert', '-rfc', ...store, '-file', certificate]);
  for (const name of ['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const) ports[name] = await freePort();
  const login = (name: string) => ({
    [`listener.name.${name}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`listener.name.${name}.plain.sasl.jaas.config`]: `${PLAIN_LOGIN} user_alice="${PASSWORD}";`,
    [`listener.name.${name}.scram-sha-256.sasl.jaas.config`]: SCRAM_LOGIN,
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`]: SCRAM_LOGIN,
  });
  broker = await testBroker({
    listeners: Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`),
    properties: {
      'ssl.keystore.location': keystore,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.password': PASSWORD,
      ...login('sasl_plaintext'),
      ...login('sasl_ssl'),
    },
    formatArguments: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=alice,password=${PASSWORD}]`,
    ]),
  });
  await createTopics(broker.address, { secure: 1 });
});

test.after.always(async () => {
  await broker?.stop();
});

type Protocol = keyof typeof ports;

const settings = (protocol: Protocol, more: Partial<KafkaSettings>): KafkaSettings =>
  settingsFor(`127.0.0.1:${ports[protocol]}`, {
    'security.protocol': protocol,
    ...(protocol.endsWith('SSL') ? { 'ssl.ca.location': certificate } : {}),
    ...more,
  });

async function produceOne(given: KafkaSettings): Promise<void> {
  const sink = new KafkaSink(kafkaFor(given), given);
  try {
    await sink.start();
    await sink.produce([batchOf('secure', 0, [{ key: 'k', value: 'v' }])]);
  } finally {
    await sink.stop();
  }
}

test('over TLS, with the authority from a file', async (t) => {
  t.true(readFileSync(certificate, 'utf8').startsWith('-----BEGIN'));
  await t.notThrowsAsync(produceOne(settings('SSL', {})));
});

test('over TLS a broker that an unknown authority vouches for is refused', async (t) => {
  const { 'ssl.ca.location': _, ...without } = settings('SSL', {});
  await t.throwsAsync(produceOne(without), { message: /self-signed certificate/ });
});

for (const protocol of ['SASL_PLAINTEXT', 'SASL_SSL'] as const) {
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    test(`with ${mechanism} over ${protocol}`, async (t) => {
      const login = { 'sasl.mechanism': mechanism, 'sasl.username': 'alice', 'sasl.password': PASSWORD };
      await t.notThrowsAsync(produceOne(settings(protocol, login)));
    });
  }
}

test('with a wrong password the broker says no', async (t) => {
  const login = { 'sasl.mechanism': 'PLAIN' as const, 'sasl.username': 'alice', 'sasl.password': 'guess' };
  await t.throwsAsync(produceOne(settings('SASL_PLAINTEXT', login)), { message: /authentication failed/i });
});

test('a login without a password is a contradiction that is named', (t) => {
  const given = settings('SASL_SSL', { 'sasl.mechanism': 'PLAIN', 'sasl.username': 'alice' });
  t.throws(() => kafkaFor(given), {
    instanceOf: KafkaSettingsError,
    message: /needs sasl\.mechanism, sasl\.username and sasl\.password/,
  });
});
