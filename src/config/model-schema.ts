// The keys of `model`: which versions serve, and which are tried beside them.

import { z } from 'zod';
import { BACKENDS } from '../model/predictor.ts';
import { path } from './paths.ts';
import { secret } from './secrets.ts';
import { topicName } from './topic-name.ts';
import { duration, size, wholeNumber } from './units.ts';

const text = (what: string) => z.string().min(1, `expected ${what}`);
const SHARE = 'expected a share from 0 to 1';
const FACTOR = 'expected a factor from 1 to 1000';
const SHIFT = 'expected a PSI from 0 to 1000';

export const model = z.strictObject({
  repository: path('a folder').default('native-models').describe('Folder of the models.'),
  name: text('the name of a model')
    .meta({ examples: ['creditcard'] })
    .describe('Folder of the model in the repository.'),
  version: text('a version, latest or a label')
    .default('latest')
    .describe(
      'A version by its name; or latest, the highest number; or a label, such as stable, which `scorelane models promote` moves.',
    ),
  watch: duration('0ms', '24h')
    .prefault('5s')
    .describe(
      'How often it is looked whether another version shall serve: one that was added, promoted, rolled back to or pinned. ' +
        '0: never; then the version stays until the next start.',
    ),
  source: z
    .url({ protocol: /^https?$/, error: 'expected an address that begins with https:// or http://' })
    .regex(/^[^@]*$/, 'expected no @, as a login stands in model.sourceToken')
    .meta({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?:[^@]*$' })
    .optional()
    .describe(
      'Address of an index of versions of this model: those that shall serve or be tried are fetched from there into the repository, ' +
        'which must be writable. What stands in it: docs/versions.md.',
    ),
  sourceToken: secret()
    .optional()
    .describe(
      'Sent to that server: a bearer token; with a space in it the whole value of Authorization, such as Basic and a login in Base64.',
    ),
  sourceAuthority: path('a file')
    .optional()
    .describe('PEM file of the authorities that are trusted for it; those of Node unless given.'),
  sourceEvery: duration('1s', '24h')
    .prefault('1m')
    .describe(
      'How often the index is looked at. A server that knows its ETag sends it only when it has changed.',
    ),
  sourceBytes: size('1KiB', '1TiB')
    .prefault('4GiB')
    .describe(
      'The largest archive that is fetched, packed and unpacked. As much must be free on the disk, twice.',
    ),
  sourceTimeout: duration('1s', '24h')
    .prefault('10m')
    .describe('How long an archive may take, with what is tried again.'),
  canaryShare: z
    .number(SHARE)
    .min(0, SHARE)
    .max(1, SHARE)
    .default(0.05)
    .describe(
      'The share of keys that the version with the label canary scores in place of the one that serves, from 0 to 1. 0: none.',
    ),
  canaryRecords: wholeNumber(1, 1_000_000_000)
    .default(1000)
    .describe(
      'How many records a canary must have scored before it is judged by its latency and its scores.',
    ),
  canaryFailures: z
    .number(SHARE)
    .min(0, SHARE)
    .max(1, SHARE)
    .default(0.01)
    .describe(
      'A canary that fails on a larger share of its records is taken back. Those records are scored by the version that serves.',
    ),
  canaryLatency: z
    .number(FACTOR)
    .min(1, FACTOR)
    .max(1_000, FACTOR)
    .default(5)
    .describe('A canary that takes so many times as long for a record is taken back.'),
  canaryShift: z
    .number(SHIFT)
    .min(0, SHIFT)
    .max(1_000, SHIFT)
    .default(0.25)
    .describe(
      'A canary whose scores are so far from those of the version that serves is taken back: PSI, of which more than 0.25 is taken for a ' +
        'large change.',
    ),
  shadowTopic: topicName('shadow-scores')
    .optional()
    .describe(
      'Topic for the results of a shadow, of those records that it has scored; acknowledged before the commit.',
    ),
  shadowBudget: z
    .number(SHARE)
    .min(0, SHARE)
    .max(1, SHARE)
    .default(0.2)
    .describe(
      'The share of the time of worker threads in which the version with the label shadow scores the same rows, unseen, to be compared. ' +
        'It rests while lanes are behind. 0: never.',
    ),
  backend: z
    .enum([...BACKENDS, 'auto'])
    .default('auto')
    .describe(
      'auto measures the installed backends on scoring.predictRecords records and takes the fastest.',
    ),
});
