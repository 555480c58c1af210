// MurmurHash3 for x86, 32 bits, by Austin Appleby, who placed it in the public domain:
// https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const mixed = (block: number): number => Math.imul(rotated(Math.imul(block, C1), 15), C2);

/** The hash as an unsigned 32-bit integer. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const whole = bytes.length & ~3;
  let hash = seed | 0;
  for (let byteAt = 0; byteAt < whole; byteAt += 4)
    hash = (Math.imul(rotated(hash ^ mixed(blockAt(bytes, byteAt, 4)), 13), 5) + 0xe6546b64) | 0;
  if (whole < bytes.length) hash ^= mixed(blockAt(bytes, whole, bytes.length - whole));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function blockAt(bytes: Uint8Array, byteAt: number, count: number): number {
  let block = 0;
  for (let index = count - 1; index >= 0; index--) block = (block << 8) | (bytes[byteAt + index] as number);
  return block;
}
