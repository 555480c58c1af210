// The trace that a record belongs to, as W3C Trace Context writes it into two headers:
// `traceparent` and `tracestate`. Both are looked for in the bytes of a record, and no object is
// made for a record without them.

import { viewOf } from '../base/int64.ts';
import { readVarint, type VarintCursor } from '../base/varint.ts';
import type { RecordView } from '../log/record-batch-reader.ts';

export const TRACEPARENT = 'traceparent';
export const TRACESTATE = 'tracestate';

/** The flag of a trace that its beginner wants to be recorded. */
export const SAMPLED = 0x01;
/** Of the flags, those that version 00 knows: sampled, and that the trace id is random. */
const KNOWN_FLAGS = 0x03;

/** `00-`, 32 hexadecimal digits of the trace, `-`, 16 of the span, `-`, two of the flags. */
const VERSION_END = 2;
const TRACE_AT = 3;
const TRACE_END = 35;
const SPAN_AT = 36;
const SPAN_END = 52;
const FLAGS_AT = 53;
/** The length of a value of `traceparent`. */
export const TRACEPARENT_BYTES = 55;

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Those that are known. */
  readonly flags: number;
}

const DASH = 0x2d;

/** What is no digit. */
const NONE = 0x80;
/** By each byte the digit that it is. */
const DIGITS = new Uint8Array(256).fill(NONE);
for (const [digit, letter] of [...'0123456789abcdef'].entries()) DIGITS[letter.charCodeAt(0)] = digit;

/** Whether these are hexadecimal digits in lower case, and not all zero. */
function isId(bytes: Uint8Array, start: number, end: number): boolean {
  let any = 0;
  for (let byteAt = start; byteAt < end; byteAt++) any |= DIGITS[bytes[byteAt] as number] as number;
  return any > 0 && any < NONE;
}

/** The number that two hexadecimal digits in lower case are; -1 for other bytes. */
function byteOf(bytes: Uint8Array, start: number): number {
  const high = DIGITS[bytes[start] as number] as number;
  const low = DIGITS[bytes[start + 1] as number] as number;
  return (high | low) >= NONE ? -1 : 16 * high + low;
}

/**
 * The known flags of a value of `traceparent` in `bytes[start .. end)`; -1 if it is malformed. A
 * later version than 00 may be longer: what is known of it is read.
 */
export function flagsOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < TRACEPARENT_BYTES) return -1;
  const version = byteOf(bytes, start);
  if (version < 0 || version === 0xff) return -1;
  if (length > TRACEPARENT_BYTES && (version === 0 || bytes[start + TRACEPARENT_BYTES] !== DASH)) return -1;
  if (bytes[start + VERSION_END] !== DASH || bytes[start + TRACE_END] !== DASH) return -1;
  if (bytes[start + SPAN_END] !== DASH) return -1;
  if (!isId(bytes, start + TRACE_AT, start + TRACE_END)) return -1;
  if (!isId(bytes, start + SPAN_AT, start + SPAN_END)) return -1;
  const flags = byteOf(bytes, start + FLAGS_AT);
  return flags < 0 ? -1 : flags & KNOWN_FLAGS;
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');

/** Null for a value that is malformed. */
export function parseTraceparent(bytes: Uint8Array, start: number, end: number): TraceContext | null {
  const flags = flagsOf(bytes, start, end);
  if (flags < 0) return null;
  return {
    traceId: textOf(bytes, start + TRACE_AT, start + TRACE_END),
    spanId: textOf(bytes, start + SPAN_AT, start + SPAN_END),
    flags,
  };
}

export const formatTraceparent = ({ traceId, spanId, flags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;

const PARENT_KEY = Buffer.from(TRACEPARENT);
const STATE_KEY = Buffer.from(TRACESTATE);

function isKey(bytes: Uint8Array, start: number, key: Uint8Array): boolean {
  for (let index = 0; index < key.byteLength; index++) if (bytes[start + index] !== key[index]) return false;
  return true;
}

/**
 * Finds both headers of a record, one record after the other. Where a name is there several times
 * the last one counts, as in the clients of Kafka.
 */
export class TraceHeaders implements VarintCursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = viewOf(this.bytes);
  byteAt = 0;
  end = 0;
  /** The value of `traceparent` is `bytes[parentStart .. parentEnd)`. */
  parentStart = -1;
  parentEnd = -1;
  /** The same of `tracestate`; the start is -1 where there is none. */
  stateStart = -1;
  stateEnd = -1;
  /** The known flags of the trace; -1: the record has none, or it is malformed. */
  flags = -1;

  /** Returns whether the record belongs to a trace. */
  find({ bytes, headersStart, headersEnd }: RecordView): boolean {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    this.byteAt = headersStart;
    this.end = headersEnd;
    this.parentStart = -1;
    this.stateStart = -1;
    this.stateEnd = -1;
    // Nearly all records without a trace have no headers at all: a count of zero, in one byte.
    if (headersEnd - headersStart > 1) this.#walk();
    this.flags = this.parentStart < 0 ? -1 : flagsOf(bytes, this.parentStart, this.parentEnd);
    return this.flags >= 0;
  }

  #walk(): void {
    try {
      for (let left = readVarint(this); left > 0; left--) this.#header();
    } catch {
      // Headers that do not parse have no trace. They hinder no score either.
      this.parentStart = -1;
    }
  }

  #header(): void {
    const keyLength = readVarint(this);
    const keyStart = this.byteAt;
    this.byteAt += Math.max(0, keyLength);
    const valueLength = readVarint(this);
    const valueStart = this.byteAt;
    this.byteAt += Math.max(0, valueLength);
    if (valueLength < 0 || this.byteAt > this.end) return;
    if (keyLength === PARENT_KEY.byteLength && isKey(this.bytes, keyStart, PARENT_KEY)) {
      this.parentStart = valueStart;
      this.parentEnd = this.byteAt;
    } else if (keyLength === STATE_KEY.byteLength && isKey(this.bytes, keyStart, STATE_KEY)) {
      this.stateStart = valueStart;
      this.stateEnd = this.byteAt;
    }
  }

  /** After `find` returned true. */
  get context(): TraceContext {
    return parseTraceparent(this.bytes, this.parentStart, this.parentEnd) as TraceContext;
  }

  /** The value of `tracestate`; null where there is none. */
  get state(): string | null {
    return this.stateStart < 0 ? null : textOf(this.bytes, this.stateStart, this.stateEnd);
  }
}
