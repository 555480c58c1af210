// The limits of a record's size, which hold before anything of it is decoded.

import type { Rejection } from '../features/rejection.ts';
import { countHeaders, type RecordView } from '../log/record-batch-reader.ts';
import type { RecordLimits } from '../reading/plan-identity.ts';

/** The lengths of its key and its value. */
const HEADER_BYTES_MIN = 2;

/** Past a limit of the configuration: nothing of the record is decoded. */
export function pastLimit(record: RecordView, limits: RecordLimits): Rejection | null {
  const { recordBytesMax, headersMax } = limits;
  const { keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = record;
  const headersBytes = headersEnd - headersStart;
  const bytes = keyEnd - keyStart + valueEnd - valueStart + headersBytes;
  if (bytes > recordBytesMax) {
    const message = `the record has ${bytes} bytes, limits.recordBytes allows ${recordBytesMax}`;
    return { stage: 'decode', code: 'RECORD_TOO_LARGE', message };
  }
  // A header takes two bytes at least: most records need not be counted.
  if (headersBytes <= HEADER_BYTES_MIN * headersMax) return null;
  const count = countHeaders(record);
  if (count <= headersMax) return null;
  const message = `the record has ${count} headers, limits.headers allows ${headersMax}`;
  return { stage: 'decode', code: 'TOO_MANY_HEADERS', message };
}
