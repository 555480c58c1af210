// Zigzag varints as Kafka's record format uses them (the encoding of Protocol Buffers' sint32 and sint64).
// A cursor is a mutable position over bytes: no object is made per number read.

/** Bytes end in the middle of something that should be longer. */
export class TruncatedError extends Error {
  readonly code = 'SCORELANE_TRUNCATED';
  override readonly name = 'TruncatedError';
}

/** A varint has more bytes than its type can hold. */
export class VarintTooLongError extends Error {
  readonly code = 'SCORELANE_VARINT_TOO_LONG';
  override readonly name = 'VarintTooLongError';
}

export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  /** One past the last byte that may be read. */
  readonly end: number;
}

/** Reads a signed 32-bit zigzag varint and moves the cursor past it. */
export function readVarint(cursor: Cursor): number {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let raw = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) throw new TruncatedError(`varint cut off at byte ${at}`);
    const byte = bytes[at++] as number;
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      return (raw >>> 1) ^ -(raw & 1);
    }
  }
  throw new VarintTooLongError(`varint of more than 5 bytes at byte ${cursor.at}`);
}

/** Reads a signed 64-bit zigzag varint as a double: exact to 2^53, which covers every timestamp in milliseconds. */
export function readVarlong(cursor: Cursor): number {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let raw = 0;
  let scale = 1;
  let odd = 0;
  for (let count = 0; count < 10; count++) {
    if (at >= end) throw new TruncatedError(`varlong cut off at byte ${at}`);
    const byte = bytes[at++] as number;
    if (count === 0) odd = byte & 1;
    raw += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) {
      cursor.at = at;
      return odd === 0 ? raw / 2 : -(raw + 1) / 2;
    }
  }
  throw new VarintTooLongError(`varlong of more than 10 bytes at byte ${cursor.at}`);
}

/** How many bytes `writeVarint` takes for a signed 32-bit value. */
export function sizeOfVarint(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x200000) return 3;
  return raw < 0x10000000 ? 4 : 5;
}

/** Writes a signed 32-bit zigzag varint at `at`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let to = at;
  while (raw >= 0x80) {
    bytes[to++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  bytes[to++] = raw;
  return to;
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** How many bytes `writeVarlong` takes. `value` is a safe integer below 2^52 in size. */
export function sizeOfVarlong(value: number): number {
  let raw = zigzag(value);
  let size = 1;
  while (raw >= 0x80) {
    raw = Math.floor(raw / 128);
    size++;
  }
  return size;
}

/** Writes a signed 64-bit zigzag varint at `at`; returns the position after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  let raw = zigzag(value);
  let to = at;
  while (raw >= 0x80) {
    bytes[to++] = (raw % 128) | 0x80;
    raw = Math.floor(raw / 128);
  }
  bytes[to++] = raw;
  return to;
}
