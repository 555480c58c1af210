// Opens a record batch: checks its CRC, inflates it and walks its records. Runs in worker threads
// only. A reader is one mutable cursor, so that no object is made for a record.

import { crc32c } from '@node-rs/crc32';
import { ScorelaneError } from '../base/errors.ts';
import { addInt64, type Int64 } from '../base/int64.ts';
import { readVarint, readVarlong, TruncatedError, type VarintCursor } from '../base/varint.ts';
import { decompress } from './compression.ts';
import { AT, HEADER_BYTES, type RawRecordBatch, type RecordBatchHeader } from './record-batch.ts';

/** The bytes of a record batch were changed after it was written. */
export class DamagedBatchError extends ScorelaneError {
  readonly code = 'SCORELANE_DAMAGED_BATCH';
}

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

const NULL = -1;

/** One record as positions within the bytes of its opened batch; a start of -1 means null. */
export interface RecordView {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** The exact number that was written, whatever unit the producer used. */
  readonly timestamp: Int64;
  /** The timestamp as a double, for computing. */
  readonly timestampMs: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The block of headers as it is in the record: a varint count, then the headers. */
  readonly headersStart: number;
  readonly headersEnd: number;
}

/**
 * Walks the records of one opened batch. After `next()` returned true the fields describe that
 * record.
 */
export class RecordReader implements VarintCursor, RecordView {
  readonly header: RecordBatchHeader;
  readonly bytes: Uint8Array;
  readonly end: number;
  byteAt = 0;
  offset = 0;
  timestamp: Int64 = 0;
  timestampMs = 0;
  keyStart = NULL;
  keyEnd = NULL;
  valueStart = NULL;
  valueEnd = NULL;
  headersStart = 0;
  headersEnd = 0;
  #left: number;

  constructor(header: RecordBatchHeader, records: Uint8Array) {
    this.header = header;
    this.bytes = records;
    this.end = records.byteLength;
    this.#left = header.recordCount;
  }

  /**
   * Moves to the next record; false after the last. Throws `DamagedBatchError` when the records do
   * not parse.
   */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const { header } = this;
    try {
      const length = readVarint(this);
      const end = this.byteAt + length;
      // A record that is too short for its parts is noticed after they are read.
      if (end > this.end) throw new TruncatedError(`record of ${length} bytes at byte ${this.byteAt}`);
      this.byteAt++; // attributes: unused by Kafka
      const timestampDelta = readVarlong(this);
      this.timestamp = header.logAppendTime
        ? header.maxTimestamp
        : addInt64(header.baseTimestamp, timestampDelta);
      this.timestampMs = Number(this.timestamp);
      this.offset = header.baseOffset + readVarint(this);
      const keyLength = readVarint(this);
      this.keyStart = keyLength < 0 ? NULL : this.byteAt;
      this.byteAt += Math.max(0, keyLength);
      this.keyEnd = keyLength < 0 ? NULL : this.byteAt;
      const valueLength = readVarint(this);
      this.valueStart = valueLength < 0 ? NULL : this.byteAt;
      this.byteAt += Math.max(0, valueLength);
      this.valueEnd = valueLength < 0 ? NULL : this.byteAt;
      if (this.byteAt > end) throw new TruncatedError(`key and value run past the record at byte ${end}`);
      this.headersStart = this.byteAt;
      this.headersEnd = end;
      this.byteAt = end;
    } catch (error) {
      throw new DamagedBatchError(
        `record batch at offset ${header.baseOffset} does not parse: ${(error as Error).message}`,
        { cause: error },
      );
    }
    return true;
  }

  key(): Uint8Array | null {
    return this.keyStart < 0 ? null : this.bytes.subarray(this.keyStart, this.keyEnd);
  }

  value(): Uint8Array | null {
    return this.valueStart < 0 ? null : this.bytes.subarray(this.valueStart, this.valueEnd);
  }
}

/** How many headers a record has; -1 if they do not fill their block exactly. Makes no objects. */
export function countHeaders({ bytes, headersStart, headersEnd }: RecordView): number {
  const cursor: VarintCursor = { bytes, byteAt: headersStart, end: headersEnd };
  try {
    const count = readVarint(cursor);
    for (let left = count; left > 0; left--) {
      const keyLength = readVarint(cursor);
      if (keyLength < 0) return -1;
      cursor.byteAt += keyLength;
      const valueLength = readVarint(cursor);
      cursor.byteAt += Math.max(0, valueLength);
    }
    return cursor.byteAt === headersEnd ? count : -1;
  } catch {
    return -1;
  }
}

/** Parses the headers of a record: for dead letters and tests, not for the hot path. */
export function parseHeaders({ bytes, headersStart, headersEnd }: RecordView): RecordHeader[] {
  const cursor: VarintCursor = { bytes, byteAt: headersStart, end: headersEnd };
  const headers: RecordHeader[] = [];
  for (let left = readVarint(cursor); left > 0; left--) {
    const keyLength = readVarint(cursor);
    const key = Buffer.from(bytes.subarray(cursor.byteAt, cursor.byteAt + keyLength)).toString('utf8');
    cursor.byteAt += keyLength;
    const valueLength = readVarint(cursor);
    const value = valueLength < 0 ? null : bytes.subarray(cursor.byteAt, cursor.byteAt + valueLength);
    cursor.byteAt += Math.max(0, valueLength);
    headers.push({ key, value });
  }
  return headers;
}

/**
 * Opens one record batch. Throws `DamagedBatchError` when the CRC-32C differs,
 * `InflationBoundError` when it would inflate past `inflatedBytesMax`, `CompressionError` when it
 * does not inflate.
 */
export function openRecordBatch({ header, bytes }: RawRecordBatch, inflatedBytesMax: number): RecordReader {
  const crc = crc32c(bytes.subarray(AT.attributes));
  if (crc !== header.crc) {
    throw new DamagedBatchError(
      `record batch at offset ${header.baseOffset} has CRC-32C ${hex(crc)}, its header says ${hex(header.crc)}`,
    );
  }
  return new RecordReader(
    header,
    decompress(header.compression, bytes.subarray(HEADER_BYTES), inflatedBytesMax),
  );
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
