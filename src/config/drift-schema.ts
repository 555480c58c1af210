// The keys under `drift`: how the distributions of features and scores are compared with those that
// the model was made with. What the figures mean: docs/drift.md.

import { z } from 'zod';
import { duration, wholeNumber } from './units.ts';

const SHARE = 'expected a share from 0 to 1';

export const drift = z.strictObject({
  sampling: z
    .number(SHARE)
    .min(0, SHARE)
    .max(1, SHARE)
    .default(0.05)
    .describe(
      'The share of scored records whose features and scores are counted, if the model has a distribution. 0: none, which costs nothing.',
    ),
  window: duration('1m', '30d')
    .prefault('1h')
    .describe('How long a record counts. The window begins anew when another version serves.'),
  columns: wholeNumber(1, 1000)
    .default(50)
    .describe('How many columns have metrics, those that differ most: each has two series.'),
});
