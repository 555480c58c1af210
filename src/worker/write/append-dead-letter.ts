// Writes a dead letter: the record as it came, and the headers that say why.

import { type DeadLetterContext, type Dialect, deadLetterHeaders } from '../../answers/dead-letter.ts';
import { viewOf } from '../../base/int64.ts';
import type { Rejection } from '../../features/rejection.ts';
import type { PendingRow } from '../row.ts';
import type { Outputs } from './outputs.ts';

export function appendDeadLetter(
  to: Outputs,
  row: PendingRow,
  rejection: Rejection,
  context: DeadLetterContext,
  dialects: readonly Dialect[],
): void {
  const { bytes, timestamp, keyStart, keyEnd, valueStart, valueEnd } = row;
  const headers = deadLetterHeaders(row, rejection, context, dialects);
  to.writerFor(context.partition, bytes, keyStart, keyEnd, valueEnd - valueStart + headers.byteLength).append(
    timestamp,
    bytes,
    keyStart,
    keyEnd,
    viewOf(bytes),
    valueStart,
    valueEnd,
    viewOf(headers),
    0,
    headers.byteLength,
  );
}
