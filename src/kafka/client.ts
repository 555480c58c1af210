// The kafkajs client from the configuration: addresses, encryption, login, logging.

import { readFileSync } from 'node:fs';
import type { Kafka, KafkaConfig } from 'kafkajs';
import { brokerAddresses, kafkaJsBroker } from './addresses.ts';
import { clientLog, type KafkaLog } from './client-log.ts';
import { type LoginSettings, saslOptions } from './login.ts';
import { loadKafkaJs } from './seam.ts';
import { createSocket } from './socket.ts';

/** The settings under `kafka:` in the configuration, with Kafka's own names. */
export interface KafkaSettings extends LoginSettings {
  readonly 'bootstrap.servers': string;
  readonly 'client.id': string;
  readonly 'group.id': string;
  readonly 'auto.offset.reset': 'earliest' | 'latest';
  readonly 'isolation.level': 'read_committed' | 'read_uncommitted';
  readonly 'session.timeout.ms': number;
  readonly 'heartbeat.interval.ms': number;
  readonly 'rebalance.timeout.ms': number;
  readonly 'fetch.min.bytes': number;
  /** Absent: it is found by the traffic. */
  readonly 'fetch.max.wait.ms'?: number | undefined;
  readonly 'fetch.max.bytes': number;
  readonly 'max.partition.fetch.bytes': number;
  readonly 'metadata.max.age.ms': number;
  readonly 'topic.metadata.propagation.max.ms': number;
  readonly 'enable.idempotence': boolean;
  /** The name of a static member. */
  readonly 'group.instance.id'?: string | undefined;
  readonly 'transactional.id'?: string | undefined;
  readonly 'transaction.timeout.ms': number;
  readonly 'ssl.ca.location'?: string | undefined;
  readonly 'ssl.certificate.location'?: string | undefined;
  readonly 'ssl.key.location'?: string | undefined;
  readonly 'ssl.key.password'?: string | undefined;
  readonly 'ssl.endpoint.identification.algorithm': 'https' | 'none';
}

const CONNECTION_TIMEOUT_MS = 5_000;

/** Throws `KafkaSettingsError`, `AddressError`, and the errors of reading a certificate. */
export function kafkaConfig(settings: KafkaSettings, log: KafkaLog): KafkaConfig {
  const protocol = settings['security.protocol'];
  const sasl = protocol.startsWith('SASL') ? saslOptions(settings) : undefined;
  return {
    clientId: settings['client.id'],
    brokers: brokerAddresses(settings['bootstrap.servers']).map(kafkaJsBroker),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: settings['request.timeout.ms'],
    socketFactory: createSocket,
    logLevel: loadKafkaJs().logLevel.WARN,
    logCreator: clientLog(log),
    ...(protocol.endsWith('SSL') ? { ssl: tlsOptions(settings) } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

export function createKafka(settings: KafkaSettings, log: KafkaLog): Kafka {
  const { Kafka: KafkaClass } = loadKafkaJs();
  return new KafkaClass(kafkaConfig(settings, log));
}

function tlsOptions(settings: KafkaSettings): NonNullable<KafkaConfig['ssl']> {
  const read = (path: string | undefined): { readonly pem?: string } =>
    path === undefined ? {} : { pem: readFileSync(path, 'utf8') };
  const { pem: ca } = read(settings['ssl.ca.location']);
  const { pem: cert } = read(settings['ssl.certificate.location']);
  const { pem: key } = read(settings['ssl.key.location']);
  const passphrase = settings['ssl.key.password'];
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(settings['ssl.endpoint.identification.algorithm'] === 'none'
      ? { checkServerIdentity: () => undefined }
      : {}),
  };
}
