// Zigzag varints as Kafka's record format uses them (the encoding of Protocol Buffers' sint32 and
// sint64). A cursor is a mutable position in bytes: no object is made for each number.

import { ScorelaneError } from './errors.ts';
import { type Int64, int64Of } from './int64.ts';

/** The bytes end in the middle of a value. */
export class TruncatedError extends ScorelaneError {
  readonly code = 'SCORELANE_TRUNCATED';
}

/** A varint has more bytes than its type can hold. */
export class VarintTooLongError extends ScorelaneError {
  readonly code = 'SCORELANE_VARINT_TOO_LONG';
}

export interface VarintCursor {
  readonly bytes: Uint8Array;
  byteAt: number;
  /** The position after the last byte that may be read. */
  readonly end: number;
}

/** Reads a signed 32-bit zigzag varint and moves the cursor past it. */
export function readVarint(cursor: VarintCursor): number {
  const { bytes, end } = cursor;
  let byteAt = cursor.byteAt;
  let raw = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (byteAt >= end) throw new TruncatedError(`varint cut off at byte ${byteAt}`);
    const byte = bytes[byteAt++] as number;
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.byteAt = byteAt;
      return (raw >>> 1) ^ -(raw & 1);
    }
  }
  throw new VarintTooLongError(`varint of more than 5 bytes at byte ${cursor.byteAt}`);
}

/** So many bytes, with 7 bits each, always give a safe integer. */
const SAFE_BYTES = 7;

/** Reads a signed 64-bit zigzag varint. */
export function readVarlong(cursor: VarintCursor): Int64 {
  const { bytes, end } = cursor;
  let byteAt = cursor.byteAt;
  let raw = 0;
  let scale = 1;
  for (let count = 0; count < SAFE_BYTES; count++) {
    if (byteAt >= end) throw new TruncatedError(`varlong cut off at byte ${byteAt}`);
    const byte = bytes[byteAt++] as number;
    raw += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) {
      cursor.byteAt = byteAt;
      return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    }
  }
  return readLongVarlong(cursor);
}

/** The same for a number of more bytes. Bits above the 64th are dropped, as in Java. */
function readLongVarlong(cursor: VarintCursor): Int64 {
  const { bytes, end } = cursor;
  let byteAt = cursor.byteAt;
  let raw = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (byteAt >= end) throw new TruncatedError(`varlong cut off at byte ${byteAt}`);
    const byte = bytes[byteAt++] as number;
    raw |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.byteAt = byteAt;
      const unsigned = BigInt.asUintN(64, raw);
      return int64Of((unsigned >> 1n) ^ -(unsigned & 1n));
    }
  }
  throw new VarintTooLongError(`varlong of more than 10 bytes at byte ${cursor.byteAt}`);
}

/** How many bytes `writeVarint` takes for a signed 32-bit value. */
export function sizeOfVarint(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x200000) return 3;
  return raw < 0x10000000 ? 4 : 5;
}

/** Writes a signed 32-bit zigzag varint at `byteAt`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, byteAt: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let to = byteAt;
  while (raw >= 0x80) {
    bytes[to++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  bytes[to++] = raw;
  return to;
}

/** Twice a number below this is a safe integer. */
const DOUBLED_MAX = 2 ** 52;
const isShort = (value: Int64): value is number => typeof value === 'number' && Math.abs(value) < DOUBLED_MAX;

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const longZigzag = (value: bigint): bigint => (value < 0n ? -2n * value - 1n : 2n * value);

/** How many bytes `writeVarlong` takes. */
export function sizeOfVarlong(value: Int64): number {
  if (!isShort(value)) return Math.ceil(longZigzag(BigInt(value)).toString(2).length / 7);
  let raw = zigzag(value);
  let size = 1;
  while (raw >= 0x80) {
    raw = Math.floor(raw / 128);
    size++;
  }
  return size;
}

/** Writes a signed 64-bit zigzag varint at `byteAt`; returns the position after it. */
export function writeVarlong(bytes: Uint8Array, byteAt: number, value: Int64): number {
  let to = byteAt;
  if (!isShort(value)) {
    let long = longZigzag(BigInt(value));
    for (; long >= 128n; long >>= 7n) bytes[to++] = Number(long & 127n) | 0x80;
    bytes[to++] = Number(long);
    return to;
  }
  let raw = zigzag(value);
  while (raw >= 0x80) {
    bytes[to++] = (raw % 128) | 0x80;
    raw = Math.floor(raw / 128);
  }
  bytes[to++] = raw;
  return to;
}
