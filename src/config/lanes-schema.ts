// The keys under `lanes`: what may be in flight and for how long, and how a daemon starts, waits
// and stops.

import { z } from 'zod';
import { duration, size, wholeNumber } from './units.ts';

export const lanes = z.strictObject({
  inFlight: wholeNumber(1, 1_000)
    .default(4)
    .describe(
      'Micro-batches of one lane in flight: enough to score while the last is produced. Those in one transaction count as one.',
    ),
  budget: size('1MiB', '1TiB')
    .prefault('256MiB')
    .describe('Bytes in mailboxes and in flight, over all lanes.'),
  commitInterval: duration('10ms', '1h').prefault('200ms').describe('How often offsets are committed.'),
  revokeTimeout: duration('0ms', '1h')
    .prefault('5s')
    .describe('How long a rebalance waits for micro-batches in flight.'),
  stopTimeout: duration('100ms', '1h')
    .prefault('10s')
    .describe(
      'How long a stop may take in all. Most of it is for micro-batches in flight. If they need longer, exit code 75.',
    ),
  retry: duration('1ms', '10m')
    .prefault('100ms')
    .describe('How long to wait before a failed produce is tried again. Doubled each time.'),
  retryMax: duration('1ms', '1h').prefault('10s').describe('The longest of these waits.'),
  stallAfter: duration('1s', '8760h')
    .prefault('60s')
    .describe(
      'A lane with lag that shows no sign of life for so long is named in the log, and the group is joined again; after three ' +
        'times without success the daemon exits with code 71. Longer than kafka.request.timeout.ms and scoring.deadline.',
    ),
  rightsTimeout: duration('0ms', '24h')
    .prefault('0ms')
    .describe(
      'How long a start of run waits, not ready, for a right, a login or a certificate that the broker refuses, before exit code ' +
        '77. 0: not at all, as waiting seldom mends it. Longer where rights are given after the daemon is started.',
    ),
  onOutOfRange: z
    .enum(['fail', 'continue'])
    .default('fail')
    .describe(
      'When the log no longer holds the committed offset: exit with code 74, or go on by auto.offset.reset.',
    ),
});
