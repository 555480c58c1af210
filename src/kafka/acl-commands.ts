// The rights of a configuration as commands for whoever gives them: those of Kafka's own tool.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KafkaSettings } from './client.ts';

export interface AclCommands {
  /** Without these `run` does not start. */
  readonly needed: readonly string[];
  /** With these `check` and `run` can look at the settings of topics and brokers. */
  readonly toLook: readonly string[];
  /** With these results are joined with labels; none without a topic of labels. */
  readonly toJoin: readonly string[];
  /** Where the name of the user may be another one; null where it is known. */
  readonly doubt: string | null;
}

interface NamedTopics {
  readonly input: string;
  readonly outputs: readonly string[];
  /** The topic of labels, and that of the results that they are joined with. */
  readonly joined?: readonly string[];
}

/** Null where nobody logs in, or where rights are not given by ACLs. Throws for a certificate. */
export function aclCommands(
  settings: KafkaSettings,
  { input, outputs, joined = [] }: NamedTopics,
): AclCommands | null {
  const who = principalOf(settings);
  if (who === null) return null;
  const add = (operation: string, ...on: readonly string[]): string =>
    `kafka-acls.sh --bootstrap-server ${settings['bootstrap.servers']} --add ` +
    `--allow-principal ${quoted(who.name)} --operation ${operation} ${on.map(quoted).join(' ')}`;
  const named = (topics: readonly string[]): string[] => topics.flatMap((topic) => ['--topic', topic]);
  const prefix = settings['transactional.id'];
  return {
    needed: [
      add('Read', '--topic', input, '--group', settings['group.id']),
      add('Write', ...named(outputs)),
      ...(prefix === undefined
        ? []
        : [add('Write', '--transactional-id', `${prefix}-`, '--resource-pattern-type', 'prefixed')]),
    ],
    toLook: [add('DescribeConfigs', ...named([input, ...outputs]), '--cluster')],
    toJoin:
      joined.length === 0
        ? []
        : [
            add('Read', ...named(joined)),
            add('Read', '--group', `${settings['group.id']}-quality-`, '--resource-pattern-type', 'prefixed'),
          ],
    doubt: who.doubt,
  };
}

interface Principal {
  readonly name: string;
  readonly doubt: string | null;
}

function principalOf(settings: KafkaSettings): Principal | null {
  const protocol = settings['security.protocol'];
  const mechanism = settings['sasl.mechanism'];
  if (protocol.startsWith('SASL')) {
    if (mechanism === 'AWS_MSK_IAM') return null;
    if (mechanism !== 'OAUTHBEARER') return { name: `User:${settings['sasl.username']}`, doubt: null };
    const client = settings['sasl.oauthbearer.client.id'];
    return { name: `User:${client}`, doubt: 'if the tokens have another subject, that is the name' };
  }
  const certificate = settings['ssl.certificate.location'];
  if (protocol !== 'SSL' || certificate === undefined) return null;
  return {
    name: `User:${distinguishedName(new X509Certificate(readFileSync(certificate)).subject)}`,
    doubt: 'if the brokers have ssl.principal.mapping.rules, these make the name',
  };
}

/** As Java writes it (RFC 2253): the last part of the subject comes first. */
const distinguishedName = (subject: string): string => subject.split('\n').toReversed().join(',');

/** For a shell. */
const quoted = (word: string): string =>
  /^[\w.:=@,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
