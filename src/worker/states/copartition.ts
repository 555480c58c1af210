// Whether a field of a record determines its partition, as far as one record can tell: the key is
// the field, as text or as a big-endian integer the way Java's serializers write it, or Java's
// partitioner would send the field where the record is.

import type { Owns } from '../../features/stateful-plan.ts';
import { partitionOfKey } from '../../log/partitioner.ts';

const INT_BYTES = 4;
const LONG_BYTES = 8;

/**
 * Null where all records were in one partition: then every field does. `placedBy`: the partition
 * counts by which they may lie here.
 */
export function ownsIn(partition: number, placedBy: readonly number[]): Owns | null {
  if (placedBy.includes(1)) return null;
  return (text, value, key) =>
    (key !== null && (equal(key, text) || isInteger(key, value))) ||
    placedBy.some((count) => partitionOfKey(text, count) === partition);
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function isInteger(key: Uint8Array, value: unknown): boolean {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return false;
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (bytes.length === INT_BYTES) return bytes.readInt32BE() === Number(value);
  return bytes.length === LONG_BYTES && bytes.readBigInt64BE() === BigInt(value as bigint | number);
}
