// What the topics of the simulated world do not take, ever: single records, which a broker names or
// does not, and batches that are too large. As on a broker this is looked at before sequence
// numbers are.

import { ERROR_TIMESTAMP } from '../../src/answers/dead-letter.ts';
import type { RecordBatchHeader } from '../../src/log/record-batch.ts';
import type { ReadRecord } from '../support/records.ts';

/** Two results of the simulated model are larger. */
const BATCH_BYTES_MAX = 420;

/**
 * time: results and dead letters of a record are refused for their timestamp, by name. result: its
 * result is, and nobody says which.
 */
export type Refused = 'time' | 'result';

interface Appended {
  readonly isResult: boolean;
  readonly header: RecordBatchHeader;
  readonly records: readonly ReadRecord[];
  /** Of the input, for each record. */
  readonly kinds: readonly (Refused | undefined)[];
  /** Whether the topic is one for small batches. */
  readonly isSmall: boolean;
}

/** The protocol error of a broker that does not take it, or null. */
export function refusalOf({ isResult, header, records, kinds, isSmall }: Appended): Error | null {
  const error = (type: string, refused: readonly { index: number; message: string }[] = []): Error =>
    Object.assign(new Error(type), { type, refused, errorMessage: null });
  if (isSmall && header.recordCount > 1 && header.byteLength > BATCH_BYTES_MAX)
    return error('MESSAGE_TOO_LARGE');
  const isDated = ({ headers }: ReadRecord): boolean => headers.some(([key]) => key === ERROR_TIMESTAMP);
  const named = records.flatMap((record, index) =>
    kinds[index] === 'time' && !isDated(record)
      ? [{ index, message: `record ${index} is out of range` }]
      : [],
  );
  if (named.length > 0) return error('INVALID_TIMESTAMP', named);
  return isResult && kinds.includes('result') ? error('INVALID_RECORD') : null;
}
