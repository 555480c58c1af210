// Which partition a record with a key goes to, exactly as Kafka's Java client decides: murmur2 of
// the key, made positive, modulo the number of partitions. The seed and the constants are those of
// org.apache.kafka.common.utils.Utils.murmur2.

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** The 32-bit murmur2 hash of `bytes[start..end)`, as a signed integer. */
export function murmur2(bytes: Uint8Array, start = 0, end: number = bytes.byteLength): number {
  const length = end - start;
  let hash = SEED ^ length;
  let byteAt = start;
  for (; byteAt + 4 <= end; byteAt += 4) {
    let word =
      (bytes[byteAt] as number) |
      ((bytes[byteAt + 1] as number) << 8) |
      ((bytes[byteAt + 2] as number) << 16) |
      ((bytes[byteAt + 3] as number) << 24);
    word = Math.imul(word, M);
    word ^= word >>> R;
    word = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ word;
  }
  const rest = end - byteAt;
  if (rest === 3) hash ^= (bytes[byteAt + 2] as number) << 16;
  if (rest >= 2) hash ^= (bytes[byteAt + 1] as number) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[byteAt] as number), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, if there are `partitionCount` partitions. */
export const partitionOfKey = (
  bytes: Uint8Array,
  partitionCount: number,
  start = 0,
  end: number = bytes.byteLength,
): number => (murmur2(bytes, start, end) & 0x7fff_ffff) % partitionCount;
