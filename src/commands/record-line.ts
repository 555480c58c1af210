// A record as one line of JSON, whatever is in it. What is no text or no value stands there as
// base64, in a field of its own: nobody has to guess what a field holds.

import type { Int64 } from '../base/int64.ts';
import { codecs } from '../codec/codecs.ts';
import type { RecordHeader, RecordView } from '../log/record-batch-reader.ts';
import type { Decoded } from '../reading/value-decoder.ts';

/** A record that is kept after its reader has moved on. */
export interface KeptRecord extends RecordView {
  readonly partition: number;
}

export const kept = (record: RecordView, partition: number): KeptRecord => ({
  partition,
  bytes: record.bytes,
  offset: record.offset,
  timestamp: record.timestamp,
  timestampMs: record.timestampMs,
  keyStart: record.keyStart,
  keyEnd: record.keyEnd,
  valueStart: record.valueStart,
  valueEnd: record.valueEnd,
  headersStart: record.headersStart,
  headersEnd: record.headersEnd,
});

/**
 * The line holds the place of the record, `more`, and the record: `key` or `keyBase64`, `value` or
 * `valueBase64`, and its headers, each with `value` or `valueBase64`.
 */
export function recordLine(
  record: KeptRecord,
  decoded: Decoded,
  headers: readonly RecordHeader[],
  more: object = {},
): string {
  const { partition, offset, timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd } = record;
  const around = {
    partition,
    offset,
    timestamp: dateOf(timestamp),
    ...more,
    ...textField('key', keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd)),
  };
  const after = { headers: headers.map(({ key, value }) => ({ key, ...textField('value', value) })) };
  if ('value' in decoded) {
    const { value = null } = decoded;
    const line = encoded(() => ({ ...around, value: legible(value), ...after }));
    if (line !== null) return line;
  }
  const valueBase64 = Buffer.from(bytes.subarray(valueStart, valueEnd)).toString('base64');
  return encoded(() => ({ ...around, valueBase64, ...after })) as string;
}

/** Null if it has no form in JSON: lists that are nested too deep. */
function encoded(line: () => object): string | null {
  try {
    return Buffer.from(codecs.json.encode(line())).toString();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** NaN and the infinities, for which JSON has no form, as text: null would be another value. */
function legible(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(legible);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, legible(each)]));
}

/** ISO 8601. If the timestamp is no date, for example nanoseconds, its digits. */
function dateOf(timestamp: Int64): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

/** A field of that name if the bytes are UTF-8, else one with `Base64` after its name. */
export function textField(name: string, bytes: Uint8Array | null): Readonly<Record<string, string | null>> {
  if (bytes === null) return { [name]: null };
  try {
    return { [name]: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { [`${name}Base64`]: Buffer.from(bytes).toString('base64') };
  }
}
