// A record that waits for its score, as positions in its batch: nothing is copied until it is
// written.

import type { RecordView } from '../log/record-batch-reader.ts';

export type PendingRow = { -readonly [Field in keyof RecordView]: RecordView[Field] };

export function rowOf(record: RecordView): PendingRow {
  const {
    bytes,
    offset,
    timestamp,
    timestampMs,
    keyStart,
    keyEnd,
    valueStart,
    valueEnd,
    headersStart,
    headersEnd,
  } = record;
  return {
    bytes,
    offset,
    timestamp,
    timestampMs,
    keyStart,
    keyEnd,
    valueStart,
    valueEnd,
    headersStart,
    headersEnd,
  };
}

export function copyRow(record: RecordView, row: PendingRow): void {
  row.bytes = record.bytes;
  row.offset = record.offset;
  row.timestamp = record.timestamp;
  row.timestampMs = record.timestampMs;
  row.keyStart = record.keyStart;
  row.keyEnd = record.keyEnd;
  row.valueStart = record.valueStart;
  row.valueEnd = record.valueEnd;
  row.headersStart = record.headersStart;
  row.headersEnd = record.headersEnd;
}
