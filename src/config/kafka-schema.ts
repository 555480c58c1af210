// The keys under `kafka`, with Kafka's own names. A key that is not listed here is an error:
// nothing is ignored in silence.

import { z } from 'zod';
import { brokerAddresses } from '../kafka/addresses.ts';
import { path } from './paths.ts';
import { secret } from './secrets.ts';
import { milliseconds, size } from './units.ts';

/**
 * Kafka's numbers are integers of 32 bits. So is every time of kafkajs: a longer timer would end at
 * once.
 */
const bytes = (least: string) => size(least, '2047MiB');
const text = (what: string) => z.string().min(1, `expected ${what}`);

const FROM_FILE = '$' + '{FILE:/path}';

export const kafka = z.strictObject({
  'bootstrap.servers': z
    .string()
    .superRefine((servers, context) => {
      try {
        brokerAddresses(servers);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
      }
    })
    .default('localhost:9092')
    .describe('The first brokers to contact, as host:port or [IPv6]:port, separated by commas.'),
  'client.id': text('a name').default('scorelane').describe('Name shown in the broker logs and quotas.'),
  'group.id': text('the name of a group')
    .optional()
    .describe(
      'Instances with the same group share the partitions. Unless given, it is made of the model and the input: ' +
        'scorelane-<model.name>-<input.topic>. Two jobs must not share one.',
    ),
  'group.instance.id': text('the name of this instance in its group')
    .optional()
    .describe(
      'A name of its own for each instance that stays the same when it is started again, such as that of its host, or of a pod of a ' +
        'StatefulSet. Then a restart within session.timeout.ms moves no partition, and after kill -9 the instance goes on at once. ' +
        'But the partitions of an instance that is gone for good wait for session.timeout.ms, also after an orderly stop. Kafka 2.3 or ' +
        'later.',
    ),
  'auto.offset.reset': z
    .enum(['earliest', 'latest'])
    .default('earliest')
    .describe(
      'Where a group without a committed offset begins. Earliest: no input is skipped unless you ask for it.',
    ),
  'isolation.level': z
    .enum(['read_committed', 'read_uncommitted'])
    .default('read_committed')
    .describe('Whether records of aborted transactions are left out.'),
  'session.timeout.ms': milliseconds('1s', '30m')
    .prefault('30s')
    .describe('A member that is silent for so long loses its partitions.'),
  'heartbeat.interval.ms': milliseconds('50ms', '10m')
    .prefault('3s')
    .describe('At most a third of the session timeout.'),
  'rebalance.timeout.ms': milliseconds('1s', '24h')
    .prefault('60s')
    .describe('How long a rebalance waits for a member to rejoin.'),
  'fetch.min.bytes': bytes('1B')
    .prefault('1B')
    .describe('A fetch is answered when so many bytes are there. 1: no wait at low rates.'),
  'fetch.max.wait.ms': milliseconds('1ms', '5m')
    .optional()
    .describe(
      'The longest wait of a fetch that finds nothing. By default 100 ms, and up to 500 ms while nothing comes, ' +
        'because empty fetches cost something too; with fetch.min.bytes above 1 always 100 ms. A record ends the wait at once.',
    ),
  'fetch.max.bytes': bytes('1KiB').prefault('16MiB').describe('The most one fetch brings from one broker.'),
  'max.partition.fetch.bytes': bytes('1KiB')
    .prefault('1MiB')
    .describe(
      'The most one fetch brings for one partition; also the smallest share of the budget that a lane can have.',
    ),
  'metadata.max.age.ms': milliseconds('100ms', '24h')
    .prefault('30s')
    .describe('How often the metadata of topics is read again. New partitions are found in this time.'),
  'request.timeout.ms': milliseconds('100ms', '1h')
    .prefault('30s')
    .describe('A request without an answer after this time has failed.'),
  'topic.metadata.propagation.max.ms': milliseconds('0ms', '1h')
    .prefault('5s')
    .describe(
      'How long to ask for a topic that the broker does not know: a new topic is not known everywhere at once.',
    ),
  'enable.idempotence': z
    .boolean()
    .default(true)
    .describe('Results carry sequence numbers, so that a retry after a lost answer is not appended twice.'),
  'transactional.id': text('a name that transactional ids begin with')
    .optional()
    .describe(
      'Results and offsets are committed together, in a transaction for each micro-batch; readers with read_committed see every ' +
        'result once. It begins the transactional ids, one for each partition of the input; of one job alone.',
    ),
  'transaction.timeout.ms': milliseconds('1s', '24h')
    .prefault('60s')
    .describe('The broker ends a transaction that is open for so long: its daemon is gone.'),
  'security.protocol': z
    .enum(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'])
    .default('PLAINTEXT')
    .describe('Whether to encrypt and to log in.'),
  'sasl.mechanism': z
    .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'AWS_MSK_IAM'])
    .optional()
    .describe(
      'How to log in. Needs a SASL security protocol. OAUTHBEARER: with a token of an endpoint; AWS_MSK_IAM: with the role of AWS, ' +
        'for which the package aws-msk-iam-sasl-signer-js must be installed.',
    ),
  'sasl.username': z.string().optional().describe('User to log in as, with PLAIN and SCRAM.'),
  'sasl.password': secret()
    .optional()
    .describe(`Its password; better given as ${FROM_FILE}, or as SCORELANE_KAFKA_SASL_PASSWORD.`),
  'sasl.oauthbearer.token.endpoint.url': z
    .string()
    .regex(/^https?:\/\/[^/\s]/, 'expected an address that begins with https:// or http://')
    .optional()
    .describe('Where OAUTHBEARER gets its tokens, by client credentials.'),
  'sasl.oauthbearer.client.id': z.string().optional().describe('Who asks for a token.'),
  'sasl.oauthbearer.client.secret': secret().optional().describe(`Its secret; better given as ${FROM_FILE}.`),
  'sasl.oauthbearer.scope': z.string().optional().describe('What the token shall be good for.'),
  'sasl.oauthbearer.extensions': z
    .string()
    .regex(/^[A-Za-z]+=[^,]+(,[A-Za-z]+=[^,]+)*$/, 'expected name=value, separated by commas')
    .optional()
    .describe('Sent with each token, as name=value,name=value: what Confluent Cloud wants, for example.'),
  'sasl.aws.region': text('the name of a region')
    .optional()
    .describe('The region of the cluster, with AWS_MSK_IAM. Unless given, AWS_REGION of the environment.'),
  'ssl.ca.location': path('a file')
    .optional()
    .describe('PEM file of the authorities to trust. Unless given, those of Node.'),
  'ssl.certificate.location': path('a file').optional().describe('PEM file of the client certificate.'),
  'ssl.key.location': path('a file').optional().describe('PEM file of its key.'),
  'ssl.key.password': secret().optional().describe('Password of that key.'),
  'ssl.endpoint.identification.algorithm': z
    .enum(['https', 'none'])
    .default('https')
    .describe('https: the certificate must name the host. none: it need not.'),
});
