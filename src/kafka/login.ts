// How the client logs in: what each mechanism needs, and where it gets its password or token.

import { createRequire } from 'node:module';
import type { SASLOptions } from 'kafkajs';
import { ScorelaneError } from '../base/errors.ts';
import { type EndpointSettings, refreshed, type Token, tokenEndpoint } from './token.ts';

type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | 'AWS_MSK_IAM';

/** All that may be set about the login. */
export interface LoginSettings extends EndpointSettings {
  readonly 'security.protocol': 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly 'sasl.mechanism'?: Mechanism | undefined;
  readonly 'sasl.username'?: string | undefined;
  readonly 'sasl.password'?: string | undefined;
  readonly 'sasl.oauthbearer.extensions'?: string | undefined;
  readonly 'sasl.aws.region'?: string | undefined;
}

/** Settings that contradict each other, or that cannot be used here. */
export class KafkaSettingsError extends ScorelaneError {
  readonly code = 'SCORELANE_KAFKA_SETTINGS';
}

const BY_PASSWORD = ['sasl.username', 'sasl.password'] as const;

/** The keys that a mechanism cannot do without. */
export const LOGIN_KEYS = {
  PLAIN: BY_PASSWORD,
  'SCRAM-SHA-256': BY_PASSWORD,
  'SCRAM-SHA-512': BY_PASSWORD,
  OAUTHBEARER: [
    'sasl.oauthbearer.token.endpoint.url',
    'sasl.oauthbearer.client.id',
    'sasl.oauthbearer.client.secret',
  ],
  AWS_MSK_IAM: [],
} as const satisfies Readonly<Record<Mechanism, readonly (keyof LoginSettings)[]>>;

/** Throws `KafkaSettingsError`. */
export function saslOptions(settings: LoginSettings): SASLOptions {
  const mechanism = settings['sasl.mechanism'];
  const missing = mechanism === undefined ? [] : LOGIN_KEYS[mechanism].filter((key) => !settings[key]);
  if (mechanism === undefined || missing.length > 0) {
    const needed = ['sasl.mechanism', ...LOGIN_KEYS[mechanism ?? 'PLAIN']];
    throw new KafkaSettingsError(
      `security.protocol ${settings['security.protocol']} needs ${needed.slice(0, -1).join(', ')} and ${needed.at(-1)}`,
    );
  }
  switch (mechanism) {
    case 'OAUTHBEARER':
      return byToken(tokenEndpoint(settings), extensionsOf(settings['sasl.oauthbearer.extensions']));
    case 'AWS_MSK_IAM':
      return byToken(awsTokens(settings['sasl.aws.region']), {});
    default:
      return {
        mechanism: mechanism.toLowerCase(),
        username: settings['sasl.username'],
        password: settings['sasl.password'],
      } as SASLOptions;
  }
}

function byToken(
  fetchToken: () => Promise<Token>,
  extensions: Readonly<Record<string, string>>,
): SASLOptions {
  const current = refreshed(fetchToken);
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({ value: (await current()).value, extensions: { ...extensions } }),
  };
}

const extensionsOf = (text = ''): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((each) => each !== '')
      .map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  );

/** The part of the signer that is used here; its own types are missing where it is. */
export interface AwsSigner {
  generateAuthToken(of: {
    readonly region: string;
  }): Promise<{ readonly token: string; readonly expiryTime: number }>;
}

const SIGNER = 'aws-msk-iam-sasl-signer-js';

/** Throws `KafkaSettingsError` where the package or the region is missing. */
export function awsTokens(
  region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION,
  load: (name: string) => unknown = createRequire(import.meta.url),
): () => Promise<Token> {
  if (region === undefined)
    throw new KafkaSettingsError(
      'kafka.sasl.aws.region: expected the region of the cluster, as kafka.sasl.mechanism is AWS_MSK_IAM, found nothing, ' +
        'and no AWS_REGION in the environment',
    );
  let signer: AwsSigner;
  try {
    signer = load(SIGNER) as AwsSigner;
  } catch (error) {
    throw new KafkaSettingsError(
      `kafka.sasl.mechanism: AWS_MSK_IAM needs the package ${SIGNER}, which does not load ` +
        `(${(error as Error).message.split('\n')[0]}); "npm install ${SIGNER}@1.0.3" beside scorelane installs it`,
      { cause: error },
    );
  }
  return async () => {
    const { token, expiryTime } = await signer.generateAuthToken({ region });
    return { value: token, expiresAtMs: expiryTime };
  };
}
