// The keys under `labels`: where the truth comes later, and how it is joined with results. What the
// figures mean: docs/versions.md.

import { z } from 'zod';
import { topicName } from './topic-name.ts';
import { duration, wholeNumber } from './units.ts';

export const labels = z.strictObject({
  topic: topicName('chargebacks')
    .optional()
    .describe(
      'A topic of labels that come later, in input.format, each with the id of its record, the first of output.ids. ' +
        'With it the quality of the scores is among the metrics.',
    ),
  field: z
    .string()
    .min(1, 'expected the name of a field')
    .default('label')
    .describe('The field of a label: 0 or 1, true or false.'),
  within: duration('1m', '365d')
    .prefault('7d')
    .describe(
      'How long a result counts, and waits for its label. The topics must keep records for as long: ' +
        'after a start they are read so far back.',
    ),
  records: wholeNumber(1000, 50_000_000)
    .default(500_000)
    .describe(
      'How many results and labels are kept, about 200 bytes each, in a process of its own. Where there ' +
        'are more, it is a sample by a hash of the id.',
    ),
  every: duration('1s', '24h').prefault('30s').describe('How often the figures are computed anew.'),
});
