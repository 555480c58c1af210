// Keys that somebody has set, and that have no effect because of others. They are not wrong: one
// file may serve several jobs. But whoever wrote them expects something of them.

import { registryUsers } from './registry-users.ts';
import type { Config } from './schema.ts';

export interface Unused {
  readonly key: string;
  readonly why: string;
}

interface Rule {
  /** Keys, or whole sections: `memory.`. */
  readonly keys: readonly string[];
  readonly why: string;
  readonly holds: (config: Config) => boolean;
}

const uses =
  (side: 'input' | 'output', format: string, framing?: string) =>
  (config: Config): boolean =>
    config[side].format === format && (framing === undefined || config[side].framing === framing);
const not =
  (rule: (config: Config) => boolean) =>
  (config: Config): boolean =>
    !rule(config);
const both =
  (...rules: readonly ((config: Config) => boolean)[]) =>
  (config: Config): boolean =>
    rules.every((rule) => rule(config));

const isEmbedded = ({ log }: Config): boolean => log === 'memory';
const generates = ({ log, generate }: Config): boolean => log === 'memory' && generate.recordsPerSecond > 0;

/** Of the keys of Kafka, the embedded log has these too. */
const OF_BOTH_LOGS: ReadonlySet<string> = new Set([
  'kafka.group.id',
  'kafka.auto.offset.reset',
  'kafka.max.partition.fetch.bytes',
  'kafka.fetch.max.bytes',
  'kafka.metadata.max.age.ms',
]);

/** What a process without a log has no use for. */
const OF_LOGS: readonly string[] = [
  ...['input.topic', 'output.topic', 'deadLetters.', 'lanes.', 'snapshots.', 'latency.', 'kafka.', 'memory.'],
  'generate.',
];

const RULES: readonly Rule[] = [
  { keys: OF_LOGS, why: 'log is none', holds: ({ log }) => log === 'none' },
  { keys: ['kafka.', 'lanes.rightsTimeout', 'lanes.onOutOfRange'], why: 'log is memory', holds: isEmbedded },
  { keys: ['labels.'], why: 'log is not kafka', holds: ({ log }) => log !== 'kafka' },
  {
    keys: ['labels.field', 'labels.within', 'labels.records', 'labels.every'],
    why: 'labels.topic is not set',
    holds: ({ labels }) => labels.topic === undefined,
  },
  { keys: ['memory.', 'generate.'], why: 'log is kafka', holds: ({ log }) => log === 'kafka' },
  {
    keys: ['generate.seed', 'generate.kind', 'generate.customers', 'generate.terminals', 'generate.file'],
    why: 'generate.recordsPerSecond is 0',
    holds: both(isEmbedded, not(generates)),
  },
  {
    keys: ['generate.seed', 'generate.kind', 'generate.customers', 'generate.terminals'],
    why: 'generate.file is set',
    holds: both(generates, ({ generate }) => generate.file !== undefined),
  },
  {
    keys: ['generate.repeat'],
    why: 'generate.file is not set',
    holds: both(isEmbedded, ({ generate }) => generate.file === undefined),
  },
  {
    keys: ['generate.customers', 'generate.terminals'],
    why: 'generate.kind is not transactions',
    holds: both(generates, ({ generate }) => generate.kind !== 'transactions'),
  },
  { keys: ['input.framing'], why: 'input.format is msgpack', holds: uses('input', 'msgpack') },
  {
    keys: ['input.schema', 'input.writers'],
    why: 'input.format is not avro',
    holds: not(uses('input', 'avro')),
  },
  {
    keys: ['input.writers'],
    why: 'input.framing is not single-object',
    holds: both(uses('input', 'avro'), not(uses('input', 'avro', 'single-object'))),
  },
  {
    keys: ['input.schemas', 'input.notFinite'],
    why: 'input.format is not json',
    holds: not(uses('input', 'json')),
  },
  {
    keys: ['input.schemas'],
    why: 'input.framing is not confluent',
    holds: both(uses('input', 'json'), not(uses('input', 'json', 'confluent'))),
  },
  {
    keys: ['output.framing', 'output.compatibility'],
    why: 'output.format is not avro',
    holds: not(uses('output', 'avro')),
  },
  {
    keys: ['output.compatibility'],
    why: 'output.framing is not confluent',
    holds: both(uses('output', 'avro'), not(uses('output', 'avro', 'confluent'))),
  },
  {
    keys: ['registry.'],
    why: 'no format is avro with the framing confluent',
    holds: (config) => registryUsers(config).length === 0,
  },
  {
    keys: ['registry.password'],
    why: 'registry.username is not set',
    holds: ({ registry }) => registry.username === undefined,
  },
  {
    keys: [
      'model.sourceToken',
      'model.sourceAuthority',
      'model.sourceEvery',
      'model.sourceBytes',
      'model.sourceTimeout',
    ],
    why: 'model.source is not set',
    holds: ({ model }) => model.source === undefined,
  },
  {
    keys: ['deadLetters.floodRecords'],
    why: 'deadLetters.floodShare is 1',
    holds: ({ deadLetters }) => deadLetters.floodShare === 1,
  },
  {
    keys: ['snapshots.interval'],
    why: 'snapshots.directory is not set',
    holds: ({ snapshots }) => snapshots.directory === undefined,
  },
  {
    keys: ['kafka.transaction.timeout.ms'],
    why: 'kafka.transactional.id is not set',
    holds: ({ kafka }) => kafka['transactional.id'] === undefined,
  },
  {
    keys: ['kafka.sasl.'],
    why: 'kafka.security.protocol does not begin with SASL: nobody logs in',
    holds: ({ kafka }) => !kafka['security.protocol'].startsWith('SASL'),
  },
  {
    keys: ['kafka.ssl.'],
    why: 'kafka.security.protocol does not end with SSL: nothing is encrypted',
    holds: ({ kafka }) => !kafka['security.protocol'].endsWith('SSL'),
  },
  {
    keys: ['http.tlsKeyPassword'],
    why: 'http.tlsKey is not set',
    holds: ({ http }) => http.tlsKey === undefined,
  },
  {
    keys: ['kafka.ssl.key.password'],
    why: 'kafka.ssl.key.location is not set',
    holds: ({ kafka }) => kafka['ssl.key.location'] === undefined,
  },
];

/** Only keys that were given, each once. `keepsState`: whether the model has windows. */
export function unusedKeys(config: Config, given: Iterable<string>, keepsState: boolean): Unused[] {
  const holding = [
    ...RULES.filter(({ holds }) => holds(config)),
    ...(keepsState ? [] : [{ keys: ['snapshots.'], why: `model ${config.model.name} has no windows` }]),
  ];
  return [...given].flatMap((key) => {
    if (isEmbedded(config) && OF_BOTH_LOGS.has(key)) return [];
    const rule = holding.find(({ keys }) =>
      keys.some((each) => each === key || (each.endsWith('.') && key.startsWith(each))),
    );
    return rule === undefined ? [] : [{ key, why: rule.why }];
  });
}
