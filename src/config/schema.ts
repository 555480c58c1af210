// Every key of the configuration. This is the one source of its type, its validation,
// config/reference.yaml and the JSON Schema. Each leaf has a default if possible, and a line that
// says what it is for and why that is the default.

import { z } from 'zod';
import { DIALECTS } from '../answers/dead-letter.ts';
import { FRAMINGS } from '../codec/avro.ts';
import { INPUT_FORMATS } from '../codec/codecs.ts';
import { COMPRESSION_TYPES } from '../log/compression.ts';
import { condition } from './condition-text.ts';
import { drift } from './drift-schema.ts';
import { http } from './http-schema.ts';
import { kafka } from './kafka-schema.ts';
import { labels } from './labels-schema.ts';
import { lanes } from './lanes-schema.ts';
import { limits } from './limits-schema.ts';
import { model } from './model-schema.ts';
import { path } from './paths.ts';
import { scoring } from './scoring-schema.ts';
import { secret } from './secrets.ts';
import { topicName } from './topic-name.ts';
import { tracing } from './tracing-schema.ts';
import { duration, size, wholeNumber } from './units.ts';

const text = (what: string) => z.string().min(1, `expected ${what}`);

const SHARE = 'expected a share from 0 to 1';

const COMPATIBILITIES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/**
 * Each customer is held against each terminal before the first record: 20,000 of both take some
 * seconds.
 */
const GENERATED_MAX = 20_000;

/** The kinds of records that the load source can generate. */
export const GENERATED = ['fitted', 'transactions', 'sensors', 'views', 'rides'] as const;

export const schema = z.strictObject({
  log: z
    .enum(['kafka', 'memory', 'none'])
    .default('kafka')
    .describe(
      'Where records are: a Kafka cluster, or the embedded log. none: nowhere; run only answers requests (http), as a plain model server.',
    ),
  input: z.strictObject({
    topic: topicName('transactions').describe('The topic to score.'),
    format: z.enum(INPUT_FORMATS).default('msgpack').describe('Format of the values.'),
    framing: z
      .enum(FRAMINGS)
      .default('confluent')
      .describe(
        'confluent: a zero byte and the number of the schema in the registry, or its GUID in the header __value_schema_id; JSON is read ' +
          'without them too. single-object, of Avro: C3 01 and the fingerprint of the schema. plain: the value alone.',
      ),
    schema: path('a file')
      .optional()
      .describe(
        "File with the reader's schema of Avro, for aliases, defaults and promotions. Without it values are read as they were " +
          'written; plain needs it.',
      ),
    writers: z
      .array(path('a file'))
      .default([])
      .describe('Files with schemas that single objects of Avro are written with, besides input.schema.'),
    schemas: z
      .array(wholeNumber(0, 2 ** 31 - 1))
      .default([])
      .describe(
        'For framed JSON: the numbers of the schemas that are read. Others become dead letters. If empty, all are read.',
      ),
    notFinite: z
      .enum(['refuse', 'read'])
      .default('refuse')
      .describe(
        'For JSON with NaN and Infinity, as Python writes it. read: they are numbers, but no feature can have them.',
      ),
    tombstones: z
      .enum(['deadLetter', 'skip'])
      .default('deadLetter')
      .describe(
        'What to do with records without a value, which deletes leave behind. skip: no result and no dead letter.',
      ),
    only: z
      .record(z.string().min(1), z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).min(1))
      .default({})
      .describe(
        'Which records are scored: for each field, its wanted values, as text: { payload.op: [c, u] }. Others are skipped.',
      ),
  }),
  output: z.strictObject({
    topic: topicName('scores').describe('Where results go.'),
    format: z.enum(INPUT_FORMATS).default('msgpack').describe('Format of the results.'),
    framing: z
      .enum(FRAMINGS)
      .default('confluent')
      .describe(
        'For Avro, as with input.framing. confluent registers the schema of the results as <topic>-value.',
      ),
    compatibility: z
      .enum(COMPATIBILITIES)
      .default('BACKWARD')
      .describe(
        'The compatibility that the registry shall demand of that subject. Set before a schema is registered.',
      ),
    ids: z
      .array(text('the name of a field'))
      .default(['id'])
      .describe('Fields of the input copied into its result.'),
    features: z
      .boolean()
      .default(false)
      .describe('Whether results carry the scored features, as a list, for inspection or training.'),
    routes: z
      .record(topicName('alerts'), condition())
      .default({})
      .describe(
        "Results that meet a condition also go to another topic: { alerts: score > 0.9, reviews: label = 'unsure' or score > 0.5 }.",
      ),
    compression: z
      .enum(COMPRESSION_TYPES)
      .default('none')
      .describe('Compression of result batches. None: the results are small, and the network is local.'),
  }),
  deadLetters: z.strictObject({
    topic: topicName('dead-letters').describe(
      'The topic for records that cannot be scored, with the reason in their headers.',
    ),
    dialects: z
      .array(z.enum(DIALECTS))
      .default([])
      .describe(
        "Headers of other systems, besides ours: connect is Kafka Connect's (KIP-298), spring Spring Kafka's.",
      ),
    floodShare: z
      .number(SHARE)
      .min(0, SHARE)
      .max(1, SHARE)
      .default(1)
      .describe(
        'A lane stops, not ready, when more than this share of its last records would be dead letters: a wrong schema ' +
          'upstream then costs no millions of them. 1: never.',
      ),
    floodRecords: wholeNumber(1, 10_000_000)
      .default(1000)
      .describe('How many of the last records of a lane are examined for deadLetters.floodShare, at least.'),
  }),
  model,
  latency: z.strictObject({
    target: duration('0ms', '1h')
      .prefault('20ms')
      .describe(
        'From the time of a record to its acknowledged result: what 99 of 100 records shall stay below when nothing is behind. After ' +
          'a fetch the daemon rests up to half of it, so that records share the cost of a cycle. 0: it never rests; the median ' +
          'is lowest, and the CPU time of a record at low rates is many times as high.',
      ),
  }),
  microBatch: z.strictObject({
    records: wholeNumber(1, 1_000_000)
      .default(4096)
      .describe(
        'A lane closes a micro-batch at so many records. Measured over three runs each, msgpack of 182 bytes, thousand records a ' +
          'second: 2048 gave 574 to 711, 4096 712 to 833, 8192 625 to 900. More only delays, and less costs requests.',
      ),
    bytes: size('1KiB', '1GiB')
      .prefault('4MiB')
      .describe(
        'Or at so many bytes. With 1MiB the batches of larger records were too small: JSON was a sixth slower.',
      ),
    linger: duration('0ms', '5m')
      .prefault('0ms')
      .describe(
        'Or when its oldest record has waited so long. 0: at once, if a worker is free; else it grows until one is. Against ' +
          '2ms that halves the median latency at 1,000 records a second and costs 7 % more CPU at 20,000.',
      ),
  }),
  lanes,
  scoring,
  snapshots: z.strictObject({
    directory: path('a folder')
      .optional()
      .describe(
        'Folder for snapshots of the windows, one file a partition; without it a lane reads the log again from before its longest ' +
          'window, each time it is assigned.',
      ),
    interval: duration('100ms', '24h')
      .prefault('60s')
      .describe(
        'How often the windows of a busy lane are written there. Its thread scores nothing meanwhile.',
      ),
  }),
  registry: z.strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'expected an address that begins with http:// or https://' })
      .regex(
        /^[^/]*\/*[^/?#]*[^@]*$/,
        'expected no @ behind the host; in a login / ? and # are written %2F, %3F and %23',
      )
      .meta({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?:[^/]*\\/*[^/?#]*[^@]*$' })
      .optional()
      .describe(
        'Address of a schema registry with the Confluent API, up to /schemas. For Avro with the framing confluent.',
      ),
    username: z.string().optional().describe('User to ask the registry as.'),
    password: secret().optional().describe('Its password; better given as SCORELANE_REGISTRY_PASSWORD.'),
    timeout: duration('10ms', '1h')
      .prefault('5s')
      .describe(
        'How long an answer may take. After three tries the lane waits. Less than a third of lanes.stallAfter.',
      ),
    schemas: wholeNumber(1, 1_000_000).default(1000).describe('How many schemas a worker keeps.'),
  }),
  limits,
  telemetry: z.strictObject({
    logLevel: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('The lowest level that is logged. debug has commits, trace each decision of the engine.'),
    logFormat: z
      .enum(['auto', 'pretty', 'json'])
      .default('auto')
      .describe(
        'pretty: columns for people. json: one object a line. auto: pretty if standard error is a terminal.',
      ),
    reportEvery: duration('100ms', '24h')
      .prefault('10s')
      .describe('How often a line with rates and latencies is logged.'),
    warmUp: duration('0ms', '24h')
      .prefault('0ms')
      .describe(
        'The summary at the end leaves out so long after the first record, so that the bench measures a warm daemon.',
      ),
  }),
  drift,
  labels,
  http,
  tracing,
  memory: z.strictObject({
    partitions: wholeNumber(1, 10_000).default(4).describe('Partitions of each topic of the embedded log.'),
    bytesPerPartition: size('64KiB', '1TiB')
      .prefault('16MiB')
      .describe('The embedded log forgets its oldest batches past this.'),
  }),
  generate: z.strictObject({
    recordsPerSecond: wholeNumber(0, 10_000_000)
      .default(0)
      .describe('With the embedded log: the rate of generated records. 0: none.'),
    seed: wholeNumber(0, 2 ** 31 - 1)
      .default(1)
      .describe('The same seed gives the same records.'),
    kind: z
      .enum(GENERATED)
      .default('fitted')
      .describe(
        'fitted: random numbers as fitted to the model. transactions: a history of customers and terminals. sensors: readings of ' +
          'machines. views: items that users look at. rides: rides in a city, with their prices.',
      ),
    customers: wholeNumber(1, GENERATED_MAX)
      .default(5000)
      .describe('Customers of the generated transactions.'),
    terminals: wholeNumber(1, GENERATED_MAX)
      .default(10_000)
      .describe('Terminals of the generated transactions.'),
    file: path('a file')
      .optional()
      .describe(
        'Records of your own in place of generated ones: JSON lines, or CSV by its name (.csv, .tsv). Each is sent once.',
      ),
    repeat: z.boolean().default(false).describe('Whether that file begins again at its end.'),
  }),
  kafka,
});

type Parsed = z.output<typeof schema>;
/** The configuration after defaults that depend on other keys are filled in. */
export type Config = Omit<Parsed, 'kafka'> & {
  readonly kafka: Parsed['kafka'] & { readonly 'group.id': string };
};
export type Generated = Config['generate']['kind'];
