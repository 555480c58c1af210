// Records in tests: to batches and back.

import type { Int64 } from '../../src/base/int64.ts';
import type { CompressionType } from '../../src/log/compression.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import type { RawRecordBatch } from '../../src/log/record-batch.ts';
import { openRecordBatch, parseHeaders } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders, RecordBatchWriter } from '../../src/log/record-batch-writer.ts';

export interface TestRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs?: Int64;
  readonly headers?: readonly (readonly [string, string | null])[];
}

const bytesOf = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text));

export function batchOf(
  topic: string,
  partition: number,
  records: readonly TestRecord[],
  compression: CompressionType = 'none',
): ResultBatch {
  const writer = new RecordBatchWriter();
  for (const { key, value, timestampMs = 1_700_000_000_000, headers = [] } of records) {
    const block = encodeHeaders(headers.map(([name, text]) => ({ key: name, value: bytesOf(text) })));
    writer.appendRecord(timestampMs, bytesOf(key), bytesOf(value), block);
  }
  return { topic, partition, ...writer.finish(compression) };
}

export interface ReadRecord extends Required<TestRecord> {
  readonly offset: number;
}

export interface PartitionRecord extends ReadRecord {
  readonly partition: number;
}

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('utf8');

export const INFLATED_BYTES_MAX = 64 * 2 ** 20;

export function recordsIn(batch: RawRecordBatch, inflatedBytesMax = INFLATED_BYTES_MAX): ReadRecord[] {
  const reader = openRecordBatch(batch, inflatedBytesMax);
  const records: ReadRecord[] = [];
  while (reader.next()) {
    records.push({
      offset: reader.offset,
      timestampMs: reader.timestamp,
      key: textOf(reader.key()),
      value: textOf(reader.value()),
      headers: parseHeaders(reader).map(({ key, value }) => [key, textOf(value)] as const),
    });
  }
  return records;
}
