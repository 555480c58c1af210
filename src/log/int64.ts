// Big-endian 64-bit integers as doubles. Kafka's offsets, timestamps and producer ids all fit 53 bits in practice;
// one that does not is refused here instead of being rounded.

/** Reads without refusing: for fields that only the CRC can vouch for. Beyond 53 bits the value is rounded. */
export const readInt64Loosely = (view: DataView, at: number): number =>
  view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);

/** Throws `RangeError` for a value that a double cannot hold exactly. */
export function readInt64(view: DataView, at: number): number {
  const value = readInt64Loosely(view, at);
  if (!Number.isSafeInteger(value)) throw new RangeError(`64-bit integer at byte ${at} does not fit 53 bits`);
  return value;
}

export function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value >>> 0);
}

/** A view on the same bytes, without a copy. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
