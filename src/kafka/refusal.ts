// Errors that do not go away by waiting: the broker refuses a login, a certificate or a right, or
// the group belongs to another kind of client. kafkajs's errors do not say who was refused and
// what; these errors do.

import { ScorelaneError } from '../base/errors.ts';
import { brokerAddresses, kafkaJsBroker } from './addresses.ts';
import type { KafkaSettings } from './client.ts';
import { errorChain } from './errors.ts';
import { KafkaSettingsError, LOGIN_KEYS } from './login.ts';
import { InstanceFencedError, instanceFenced } from './static-member.ts';
import { TokenRefusedError } from './token.ts';

/** The broker refuses our login, or what we want to do. Exit code 77. */
export class RefusedError extends ScorelaneError {
  readonly code = 'SCORELANE_REFUSED';
}

/** The group is in use by clients that share partitions in another way. Exit code 78. */
export class GroupInUseError extends ScorelaneError {
  readonly code = 'SCORELANE_GROUP_IN_USE';
}

/** Codes of Node and OpenSSL for certificates and keys that are not accepted. */
const OF_TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_)/;

/** What the codes mean, and the keys that mend it. The first that fits holds. */
const OF_CERTIFICATES: readonly (readonly [codes: RegExp, meaning: string])[] = [
  [
    /ALTNAME_INVALID|HOSTNAME_/,
    "the broker's certificate names other hosts than the one that was called (kafka.bootstrap.servers, the broker's " +
      'advertised.listeners; kafka.ssl.endpoint.identification.algorithm: none goes without)',
  ],
  [
    /CERT_HAS_EXPIRED/,
    "the broker's certificate has expired, or the clock here is wrong: renew it at the broker",
  ],
  [/CERT_NOT_YET_VALID/, "the broker's certificate is not valid yet, or the clock here is wrong"],
  [
    /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)/,
    "the broker's certificate is signed by an authority that is not trusted: name the PEM file of its authority in kafka.ssl.ca.location",
  ],
  [
    /ALERT/,
    'the broker refuses our certificate, or wants one (kafka.ssl.certificate.location, kafka.ssl.key.location)',
  ],
  [
    /OSSL|KEY_VALUES_MISMATCH/,
    'the certificate or the key cannot be used (kafka.ssl.certificate.location, kafka.ssl.key.location, kafka.ssl.key.password)',
  ],
];

const distrust = (code: string): string =>
  OF_CERTIFICATES.find(([codes]) => codes.test(code))?.[1] ??
  'no connection that both sides trust (kafka.ssl.ca.location, kafka.ssl.certificate.location, kafka.ssl.key.location)';

const loginKeys = ({ 'sasl.mechanism': mechanism }: KafkaSettings): string =>
  mechanism === 'AWS_MSK_IAM'
    ? 'kafka.sasl.aws.region, the credentials of AWS'
    : LOGIN_KEYS[mechanism ?? 'PLAIN'].map((key) => `kafka.${key}`).join(', ');

/** Keys that brokers limit, by the error. */
const LIMITED = {
  INVALID_SESSION_TIMEOUT: 'session.timeout.ms',
  INVALID_TRANSACTION_TIMEOUT: 'transaction.timeout.ms',
} as const satisfies Readonly<Record<string, keyof KafkaSettings>>;
const LIMITS = {
  'session.timeout.ms': 'group.min.session.timeout.ms, group.max.session.timeout.ms',
  'transaction.timeout.ms': 'transaction.max.timeout.ms',
} as const;

/** `topic` and `operation`: what was tried. Undefined for errors that may pass. */
export function refusalOf(
  error: unknown,
  settings: KafkaSettings,
  doing: { readonly topic: string; readonly operation: 'Read' | 'Write' },
): RefusedError | GroupInUseError | KafkaSettingsError | TokenRefusedError | InstanceFencedError | undefined {
  for (const link of errorChain(error)) {
    const { name, type, code, message } = link;
    if (link instanceof TokenRefusedError || link instanceof InstanceFencedError) return link;
    if (name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED') {
      const refused = `the broker refuses the login of ${who(settings)} (${loginKeys(settings)})`;
      return new RefusedError(`${refused}: ${message}`, { cause: error });
    }
    if (typeof code === 'string' && OF_TLS.test(code)) {
      return new RefusedError(`${distrust(code)}: ${message} [${code}]`, { cause: error });
    }
    const right = type === undefined ? undefined : rightOf(type, settings, doing);
    if (right !== undefined) return new RefusedError(lacks(settings, [right]), { cause: error });
    const key = LIMITED[type as keyof typeof LIMITED];
    if (key !== undefined)
      return new KafkaSettingsError(
        `kafka.${key}: expected a time that the broker allows (${LIMITS[key]}), found ${settings[key]} ms`,
        { cause: error },
      );
    if (type === 'FENCED_INSTANCE_ID')
      return instanceFenced(settings['group.id'], settings['group.instance.id'] ?? '', error);
    if (type === 'INCONSISTENT_GROUP_PROTOCOL') return groupInUse(settings['group.id'], '');
  }
  return undefined;
}

/**
 * Why a broker was not reached. A configured broker may answer, and name an address where there is
 * no broker.
 */
export function unreachable(error: Error, settings: KafkaSettings): string {
  const configured = brokerAddresses(settings['bootstrap.servers']).map(kafkaJsBroker);
  for (const { broker, message } of errorChain(error)) {
    if (broker !== undefined && !configured.includes(broker))
      return `it answered, and named ${broker} as the address to use (the broker's advertised.listeners): ${message}`;
  }
  return error.message;
}

function rightOf(
  type: string,
  settings: KafkaSettings,
  { topic, operation }: { readonly topic: string; readonly operation: string },
): string | undefined {
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return `${operation} on topic "${topic}"`;
    case 'GROUP_AUTHORIZATION_FAILED':
      return `Read on group "${settings['group.id']}"`;
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return `Write on transactional ids prefixed "${settings['transactional.id']}-"`;
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return `Write on topic "${topic}", or IdempotentWrite on the cluster of a broker before Kafka 3.0`;
    default:
      return undefined;
  }
}

export const lacks = (settings: KafkaSettings, rights: readonly string[]): string =>
  `${who(settings)} lacks the right${rights.length === 1 ? '' : 's'}: ${rights.join('; ')}`;

/** `users`: who is in the group, or an empty text. */
export const groupInUse = (group: string, users: string): GroupInUseError =>
  new GroupInUseError(
    `the group "${group}" is in use by clients that share partitions in another way${users}: stop them, or give this job a ` +
      'kafka.group.id of its own',
  );

function who(settings: KafkaSettings): string {
  const protocol = settings['security.protocol'];
  if (settings['sasl.mechanism'] === 'OAUTHBEARER')
    return `client "${settings['sasl.oauthbearer.client.id']}" (OAUTHBEARER)`;
  if (settings['sasl.mechanism'] === 'AWS_MSK_IAM') return 'the role of AWS (AWS_MSK_IAM)';
  if (protocol.startsWith('SASL'))
    return `user "${settings['sasl.username']}" (${settings['sasl.mechanism']})`;
  const certificate = settings['ssl.certificate.location'];
  if (protocol === 'SSL' && certificate !== undefined) return `the owner of ${certificate}`;
  return 'the user ANONYMOUS, as nobody logs in';
}
