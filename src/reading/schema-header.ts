// Confluent's newer serializers name the schema of the value in a header of the record, and put
// nothing before the value. The header is the byte 1 and 16 bytes of a GUID, or the byte 0 and a
// number. Where this header exists, it decides, as in Confluent's deserializers.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/

import { readVarint, type VarintCursor } from '../base/varint.ts';
import type { NamedSchema } from '../codec/avro.ts';
import { countHeaders, type RecordView } from '../log/record-batch-reader.ts';

const NAME = Buffer.from('__value_schema_id');
const [NUMBERED, GUID] = [0, 1];
const [NUMBERED_BYTES, GUID_BYTES] = [5, 17];

/** The schema that the headers of a record name. Null if they name none. */
export function schemaInHeaders(record: RecordView): NamedSchema {
  const { bytes, headersStart, headersEnd } = record;
  if (headersEnd - headersStart < NAME.length || countHeaders(record) <= 0) return null;
  const cursor: VarintCursor = { bytes, byteAt: headersStart, end: headersEnd };
  let found: NamedSchema = null;
  for (let left = readVarint(cursor); left > 0; left--) {
    const keyLength = readVarint(cursor);
    const isIt =
      keyLength === NAME.length && NAME.equals(bytes.subarray(cursor.byteAt, cursor.byteAt + keyLength));
    cursor.byteAt += keyLength;
    const length = Math.max(0, readVarint(cursor));
    // The last such header counts.
    if (isIt) found = nameIn(Buffer.from(bytes.buffer, bytes.byteOffset + cursor.byteAt, length));
    cursor.byteAt += length;
  }
  return found;
}

function nameIn(value: Buffer): NamedSchema {
  if (value.length === NUMBERED_BYTES && value[0] === NUMBERED) return value.readInt32BE(1);
  if (value.length === GUID_BYTES && value[0] === GUID)
    return value.toString('hex', 1).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return {
    wrong:
      'header "__value_schema_id": expected the byte 1 and a GUID of 16 bytes, or the byte 0 and a number of 4, found ' +
      `${value.length} bytes, ${value.toString('hex', 0, GUID_BYTES) || 'none'}`,
  };
}
