// What becomes of records, counted by micro-batch.

import { type Counts, zero } from '../base/counts.ts';

export const RECORD_COUNTS = {
  scored: 'records with a result',
  deadLetters: 'records with a dead letter',
  skipped: "records that are none of the model's business: they have no answer",
  unplaced: 'of the dead letters, those of records that lie in another partition than a field says',
} as const;

export type RecordCounts = Counts<typeof RECORD_COUNTS>;

export const NO_RECORDS: RecordCounts = zero(RECORD_COUNTS);
