// A dead letter as one line of JSON, whatever is in it: what it cannot say as it is, it says as
// text.

import type { DeadLetter } from '../answers/dead-letter.ts';
import type { Int64 } from '../base/int64.ts';
import { codecs, type InputFormat } from '../codec/codecs.ts';
import type { RecordReader } from '../log/record-batch-reader.ts';

/** Where it stands, where it came from, why it is here, and what it is. */
export function letterLine(
  { own, reason }: DeadLetter,
  record: Pick<RecordReader, 'offset' | 'timestamp' | 'key' | 'value'>,
  partition: number,
  format: InputFormat,
): string {
  const line = {
    partition,
    offset: record.offset,
    timestamp: dateOf(record.timestamp),
    reason,
    key: textOf(record.key()),
    value: decoded(format, record.value()),
    headers: own.map((header) => [header.key, textOf(header.value)]),
  };
  return Buffer.from(codecs.json.encode(line)).toString();
}

/** ISO 8601; the digits of a timestamp that has no date, nanoseconds for example. */
function dateOf(timestamp: Int64): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

/** Text where the bytes are UTF-8, else hexadecimal digits. */
function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `0x${Buffer.from(bytes).toString('hex')}`;
  }
}

/** The value where it can be decoded; what cannot be decoded is why it may be here. */
function decoded(format: InputFormat, value: Uint8Array | null): unknown {
  if (value === null) return null;
  try {
    // Avro cannot be read without its writer's schema.
    return format === 'avro' ? textOf(value) : codecs[format].decode(value, 0, value.byteLength);
  } catch {
    return textOf(value);
  }
}
