// Rules about several keys: finds keys that contradict each other, by the values that are in
// effect.

import { waitMsMax } from '../codec/registry.ts';
import { protocolsOf } from '../kafka/addresses.ts';
import { LOGIN_KEYS } from '../kafka/login.ts';
import { broken, type Contradiction } from './contradiction.ts';
import { lateLabels } from './label-rules.ts';
import { besidesOf } from './outputs.ts';
import { registryUsers } from './registry-users.ts';
import type { Config } from './schema.ts';
import { durationInWords, sizeInWords } from './units.ts';

/** Topics that brokers write themselves, for example to keep the commits of groups. */
const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
  '__cluster_metadata',
]);

export const contradictions = (config: Config): Contradiction[] => [
  ...circles(config),
  ...times(config),
  ...waits(config),
  ...sizes(config),
  ...transactions(config),
  ...protocols(config),
  ...logins(config),
  ...ofServer(config),
  ...framings(config),
  ...sources(config),
  ...requests(config),
  ...lateLabels(config),
];

/** Times that must fit into others: a daemon at work must not be taken for dead. */
function times({ kafka, lanes, scoring, log }: Config): Contradiction[] {
  const sessionMs = kafka['session.timeout.ms'];
  const heartbeatMs = kafka['heartbeat.interval.ms'];
  const waitMs = kafka['fetch.max.wait.ms'];
  const rebalanceMs = kafka['rebalance.timeout.ms'];
  const requestMs = log === 'kafka' ? kafka['request.timeout.ms'] : 0;
  const [waitKey, longestMs] =
    requestMs > scoring.deadline
      ? ['kafka.request.timeout.ms', requestMs]
      : ['scoring.deadline', scoring.deadline];
  const third = Math.floor(sessionMs / HEARTBEATS_PER_SESSION);
  return [
    ...broken(
      heartbeatMs > third,
      'kafka.heartbeat.interval.ms',
      'kafka.session.timeout.ms',
      () =>
        `expected at most a third of kafka.session.timeout.ms, ${durationInWords(third)}, found ${durationInWords(heartbeatMs)}: ` +
        'after one heartbeat that is late the member would lose its partitions',
    ),
    ...broken(
      waitMs !== undefined && waitMs >= sessionMs,
      'kafka.fetch.max.wait.ms',
      'kafka.session.timeout.ms',
      () =>
        `expected less than kafka.session.timeout.ms, ${durationInWords(sessionMs)}, found ${durationInWords(waitMs ?? 0)}: ` +
        'no heartbeat is sent while a fetch waits',
    ),
    ...broken(
      lanes.revokeTimeout >= rebalanceMs,
      'lanes.revokeTimeout',
      'kafka.rebalance.timeout.ms',
      () =>
        `expected less than kafka.rebalance.timeout.ms, ${durationInWords(rebalanceMs)}, found ${durationInWords(lanes.revokeTimeout)}: ` +
        'the group goes on without a member that is late',
    ),
    ...broken(
      lanes.stallAfter <= longestMs,
      'lanes.stallAfter',
      waitKey,
      () =>
        `expected more than ${waitKey}, ${durationInWords(longestMs)}, found ${durationInWords(lanes.stallAfter)}: ` +
        'a lane that waits for an answer would look stalled',
    ),
    ...broken(
      lanes.retry > lanes.retryMax,
      'lanes.retry',
      'lanes.retryMax',
      () =>
        `expected at most lanes.retryMax, ${durationInWords(lanes.retryMax)}, found ${durationInWords(lanes.retry)}`,
    ),
  ];
}

/** Kafka's documentation advises that at least so many heartbeats fit into a session. */
const HEARTBEATS_PER_SESSION = 3;

/** A fetch must fit into what holds it. */
function sizes({ kafka, lanes }: Config): Contradiction[] {
  const least = kafka['fetch.min.bytes'];
  const most = kafka['fetch.max.bytes'];
  const ofPartition = kafka['max.partition.fetch.bytes'];
  return [
    ...broken(
      least > most,
      'kafka.fetch.min.bytes',
      'kafka.fetch.max.bytes',
      () => `expected at most kafka.fetch.max.bytes, ${sizeInWords(most)}, found ${sizeInWords(least)}`,
    ),
    ...broken(
      lanes.budget < ofPartition,
      'lanes.budget',
      'kafka.max.partition.fetch.bytes',
      () =>
        `expected at least kafka.max.partition.fetch.bytes, ${sizeInWords(ofPartition)}, found ${sizeInWords(lanes.budget)}: ` +
        'a lane holds at least one fetch',
    ),
  ];
}

function transactions({ kafka }: Config): Contradiction[] {
  return broken(
    kafka['transactional.id'] !== undefined && !kafka['enable.idempotence'],
    'kafka.enable.idempotence',
    'kafka.transactional.id',
    () => 'expected true, as kafka.transactional.id is set, found false: transactions count on it',
  );
}

/** Keys that are needed together. */
function logins({ kafka, log }: Config): Contradiction[] {
  if (log !== 'kafka') return [];
  const protocol = kafka['security.protocol'];
  const needed = (key: keyof Config['kafka'], because: string, is: string): Contradiction[] =>
    broken(
      (kafka[key] ?? '') === '',
      `kafka.${key}`,
      because,
      () => `expected a value, as ${because} is ${is}, found nothing`,
    );
  const login = (key: keyof Config['kafka']) => needed(key, 'kafka.security.protocol', protocol);
  const mechanism = kafka['sasl.mechanism'];
  return [
    ...(protocol.startsWith('SASL')
      ? [
          ...login('sasl.mechanism'),
          ...(mechanism === undefined
            ? LOGIN_KEYS.PLAIN.flatMap(login)
            : LOGIN_KEYS[mechanism].flatMap((key) => needed(key, 'kafka.sasl.mechanism', mechanism))),
        ]
      : []),
    ...(kafka['ssl.certificate.location'] === undefined
      ? []
      : needed('ssl.key.location', 'kafka.ssl.certificate.location', 'set')),
    ...(kafka['ssl.key.location'] === undefined
      ? []
      : needed('ssl.certificate.location', 'kafka.ssl.key.location', 'set')),
  ];
}

/** Certificate and key of the server, which go together. */
function ofServer({ http }: Config): Contradiction[] {
  const { tlsCertificate, tlsKey, tlsClientAuthority } = http;
  const needed = (key: 'tlsCertificate' | 'tlsKey', because: string): Contradiction[] =>
    broken(
      http[key] === undefined,
      `http.${key}`,
      `http.${because}`,
      () => `expected a file, as http.${because} is set, found nothing`,
    );
  return [
    ...(tlsCertificate === undefined ? [] : needed('tlsKey', 'tlsCertificate')),
    ...(tlsKey === undefined ? [] : needed('tlsCertificate', 'tlsKey')),
    ...(tlsClientAuthority === undefined ? [] : needed('tlsCertificate', 'tlsClientAuthority')),
  ];
}

/** What a framing needs, and which formats have it. */
function framings({ input, output, registry, log, generate }: Config): Contradiction[] {
  const isAvro = input.format === 'avro';
  const registryFor = registryUsers({ input, output }).map(
    (side) => `${side}.format is avro and ${side}.framing confluent`,
  );
  return [
    ...broken(
      registry.url === undefined && registryFor.length > 0,
      'registry.url',
      'input.format',
      () => `expected an address, as ${registryFor.join(', and ')}, found nothing`,
    ),
    ...broken(
      isAvro && input.framing === 'plain' && input.schema === undefined,
      'input.schema',
      'input.framing',
      () => 'expected a file with a schema, as input.framing is plain, found nothing',
    ),
    ...broken(
      isAvro && input.framing === 'single-object' && input.schema === undefined && input.writers.length === 0,
      'input.writers',
      'input.framing',
      () =>
        'expected a file with a schema, or one in input.schema, as input.framing is single-object, found []',
    ),
    ...broken(
      input.format === 'json' && input.framing === 'single-object',
      'input.framing',
      'input.format',
      () => 'expected confluent or plain, as input.format is json, found "single-object"',
    ),
    ...broken(
      isAvro && log === 'memory' && generate.recordsPerSecond > 0,
      'input.format',
      'generate.recordsPerSecond',
      () =>
        'expected msgpack or json, as generate.recordsPerSecond is set, found "avro": it is read, not written',
    ),
  ];
}

/** Without a log, requests are all that there is to do. */
const requests = ({ log, http }: Config): Contradiction[] => [
  ...broken(
    log === 'none' && http.listen === 'none',
    'http.listen',
    'log',
    () => 'expected an address, as log is none, found "none": there would be nothing to do',
  ),
  ...broken(
    log === 'none' && !http.inference,
    'http.inference',
    'log',
    () => 'expected true, as log is none, found false: there would be nothing to do',
  ),
];

/** Records of a file that is never begun would be a daemon that scores nothing. */
const sources = ({ log, generate }: Config): Contradiction[] =>
  broken(
    log === 'memory' && generate.file !== undefined && generate.recordsPerSecond === 0,
    'generate.recordsPerSecond',
    'generate.file',
    () => 'expected how many records of generate.file are sent a second, found 0',
  );

const PROTOCOLS: ReadonlySet<string> = new Set(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']);

/**
 * If an address begins with SASL_SSL://, a connection in plain text would be a surprise. Other
 * words name listeners.
 */
function protocols({ kafka }: Config): Contradiction[] {
  const wanted = kafka['security.protocol'];
  const others = protocolsOf(kafka['bootstrap.servers']).filter(
    (each) => PROTOCOLS.has(each) && each !== wanted,
  );
  return others.map((protocol) => ({
    key: 'kafka.security.protocol',
    message: `expected ${protocol}, as kafka.bootstrap.servers says in front of ://, found ${wanted}`,
  }));
}

/** While a lane waits for a schema it shows no progress. The registry is asked three times. */
function waits({ registry, lanes }: Config): Contradiction[] {
  const waitMs = waitMsMax({ timeoutMs: registry.timeout });
  if (registry.url === undefined || waitMs < lanes.stallAfter) return [];
  const message =
    `expected less than a third of lanes.stallAfter, ${durationInWords(lanes.stallAfter)}, found ${durationInWords(registry.timeout)}: ` +
    'a lane that waits for a schema would look stalled, and the group would be joined again';
  return [{ key: 'registry.timeout', message }];
}

/**
 * A daemon that reads its own output would score for ever. Results and dead letters in one topic
 * are no circle: the daemon does not read them.
 */
function circles({ input, output, deadLetters, model }: Config): Contradiction[] {
  const found: Contradiction[] = [];
  const topics = {
    'input.topic': input.topic,
    'output.topic': output.topic,
    'deadLetters.topic': deadLetters.topic,
  };
  for (const [key, topic] of Object.entries(topics)) {
    // Each commit is a record in this topic. As an input it would never end. And only the broker
    // may write to it.
    if (INTERNAL_TOPICS.has(topic))
      found.push({ key, message: `expected a topic that is not the broker's own, found "${topic}"` });
  }
  for (const { key, topic } of besidesOf({ output, model })) {
    const isRouted = key === 'model.shadowTopic' && Object.keys(output.routes).includes(topic);
    const taken = isRouted
      ? 'of output.routes'
      : Object.entries(topics).find(([, other]) => other === topic)?.[0];
    const what = key === 'output.routes' ? 'a route' : 'a shadow';
    const why = taken === undefined ? '' : `, which is ${taken}`;
    if (taken !== undefined || INTERNAL_TOPICS.has(topic))
      found.push({ key, message: `expected a topic of its own for ${what}, found "${topic}"${why}` });
  }
  for (const key of ['output.topic', 'deadLetters.topic'] as const) {
    if (topics[key] !== input.topic) continue;
    found.push({
      key,
      message:
        `expected another topic than input.topic, found "${input.topic}": ` +
        'what is written there would be read and scored again, for ever',
    });
  }
  return found;
}
