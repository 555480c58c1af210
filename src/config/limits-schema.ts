// The keys under `limits`: what one record or one batch may be, so that none of them costs much
// more than another.

import { z } from 'zod';
import { NESTING_MAX } from '../codec/nesting.ts';
import { size, wholeNumber } from './units.ts';

export const limits = z.strictObject({
  inflatedBytes: size('64KiB', '2047MiB')
    .prefault('64MiB')
    .describe('A record batch that inflates to more bytes stops its lane.'),
  recordBytes: size('1KiB', '2047MiB')
    .prefault('16MiB')
    .describe('A record with more bytes of key, value and headers becomes a dead letter.'),
  headers: wholeNumber(1, 1_000_000)
    .default(1000)
    .describe('A record with more headers becomes a dead letter.'),
  nesting: wholeNumber(1, 1_000)
    .default(NESTING_MAX)
    .describe('A record whose lists and maps are nested deeper becomes a dead letter.'),
  resultBatchBytes: size('1KiB', '1GiB')
    .prefault('900KiB')
    .describe(
      "A result batch is closed at this size; below the broker's max.message.bytes. It holds the results of one micro-batch, " +
        'so that they go in one request: against 512KiB that gave 730 to 837 thousand records a second instead of 545 to 688.',
    ),
});
