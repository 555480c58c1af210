// A dead letter as one line of JSON, whatever is in it. Values without a form in JSON become text.

import type { DeadLetter } from '../answers/dead-letter.ts';
import type { Int64 } from '../base/int64.ts';
import { codecs, type InputFormat } from '../codec/codecs.ts';
import type { RecordReader } from '../log/record-batch-reader.ts';

/**
 * The line holds: where the dead letter stands, where its record came from, why it was refused, and
 * the record.
 */
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

/** ISO 8601. If the timestamp is no date, for example nanoseconds, its digits. */
function dateOf(timestamp: Int64): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

/** Text if the bytes are UTF-8, else hexadecimal digits. */
function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `0x${Buffer.from(bytes).toString('hex')}`;
  }
}

/**
 * The decoded value, or the text of the bytes: an undecodable value may be the reason of the dead
 * letter.
 */
function decoded(format: InputFormat, value: Uint8Array | null): unknown {
  if (value === null) return null;
  try {
    // Avro cannot be read without its writer's schema.
    return format === 'avro' ? textOf(value) : codecs[format].decode(value, 0, value.byteLength);
  } catch {
    return textOf(value);
  }
}
