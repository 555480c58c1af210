// 64-bit integers. Kafka's offsets and producer ids fit into 53 bits in practice; a larger one is
// refused here, and not rounded. Timestamps need not fit: a producer that writes nanoseconds, or
// Java's Long.MAX_VALUE, gets the same number back.

/** A number if it is a safe integer, otherwise a bigint: always exact. */
export type Int64 = number | bigint;

/** The lowest 64 bits of a bigint, as in Java's long. */
export function int64Of(value: bigint): Int64 {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= Number.MIN_SAFE_INTEGER && wrapped <= Number.MAX_SAFE_INTEGER ? Number(wrapped) : wrapped;
}

export function addInt64(left: Int64, right: Int64): Int64 {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return int64Of(BigInt(left) + BigInt(right));
}

export function subtractInt64(left: Int64, right: Int64): Int64 {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return int64Of(BigInt(left) - BigInt(right));
}

/** Reads big-endian; the value is exact. */
export const readExactInt64 = (view: DataView, byteAt: number): Int64 => int64Of(view.getBigInt64(byteAt));

/**
 * Reads without an error, for fields that only the CRC can prove. Above 53 bits the value is
 * rounded.
 */
export const readInt64Loosely = (view: DataView, byteAt: number): number =>
  view.getInt32(byteAt) * 0x1_0000_0000 + view.getUint32(byteAt + 4);

/** Throws `RangeError` for a value that a double cannot hold exactly. */
export function readInt64(view: DataView, byteAt: number): number {
  const value = readInt64Loosely(view, byteAt);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`64-bit integer at byte ${byteAt} does not fit 53 bits`);
  return value;
}

export function writeInt64(view: DataView, byteAt: number, value: Int64): void {
  if (typeof value === 'bigint') {
    view.setBigInt64(byteAt, value);
    return;
  }
  view.setInt32(byteAt, Math.floor(value / 0x1_0000_0000));
  view.setUint32(byteAt + 4, value >>> 0);
}

/** A view on the same bytes, without a copy. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
