// Writes a RecordBatch v2. Records are appended as byte ranges into one growing buffer; `finish`
// adds the header, the compression and the CRC. The sink puts in the producer's identity later
// (`stamp`), because only the sink knows it.

import { crc32c } from '@node-rs/crc32';
import { copyBytes, copyWords } from '../base/copy.ts';
import { type Int64, subtractInt64, viewOf, writeInt64 } from '../base/int64.ts';
import {
  readVarint,
  sizeOfVarint,
  sizeOfVarlong,
  type VarintCursor,
  writeVarint,
  writeVarlong,
} from '../base/varint.ts';
import { COMPRESSION_TYPES, type CompressionType, compress } from './compression.ts';
import { AT, HEADER_BYTES, LENGTH_OVERHEAD, MAGIC_V2, TRANSACTIONAL } from './record-batch.ts';
import type { RecordHeader } from './record-batch-reader.ts';

const EMPTY = new Uint8Array(0);
const EMPTY_VIEW = viewOf(EMPTY);
/** A block without headers: a count of zero. */
export const NO_HEADERS = Uint8Array.of(0);
const NO_PRODUCER = -1;
const INITIAL_BYTES = 16 * 1024;
/**
 * The most bytes of a record besides its key, value and headers: its length, attributes, timestamp,
 * offset, two lengths, a header count of zero.
 */
export const RECORD_OVERHEAD_BYTES_MAX = 5 + 1 + 10 + 5 + 5 + 5 + 1;

/** A finished record batch, ready to be transferred: its ArrayBuffer holds nothing else. */
export interface EncodedRecordBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly recordCount: number;
}

/** Where a writer's buffers come from. */
export interface Buffers {
  /** A buffer of at least so many bytes, with any content. */
  acquire(byteLength: number): ArrayBuffer;
  /** Takes back a buffer that became too small. */
  giveBack(buffer: ArrayBuffer): void;
}

const NEW_BUFFERS: Buffers = { acquire: (byteLength) => new ArrayBuffer(byteLength), giveBack: () => {} };
const NOTHING = Buffer.from(new ArrayBuffer(0));

export class RecordBatchWriter {
  readonly #buffers: Buffers;
  #bytes: Buffer<ArrayBuffer> = NOTHING;
  #view: DataView = viewOf(NOTHING);
  #expectedBytes = INITIAL_BYTES;
  #byteAt: number = HEADER_BYTES;
  #count = 0;
  #baseTimestamp: Int64 = 0;
  #maxTimestamp: Int64 = 0;

  constructor(buffers: Buffers = NEW_BUFFERS) {
    this.#buffers = buffers;
  }

  get recordCount(): number {
    return this.#count;
  }

  /** The bytes written so far, with the header, before compression. */
  get byteLength(): number {
    return this.#byteAt;
  }

  /**
   * Appends one record from ranges of other buffers; a start of -1 means null. `headers` is an
   * encoded block.
   */
  append(
    timestamp: Int64,
    keySource: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueSource: DataView,
    valueStart: number,
    valueEnd: number,
    headers: DataView,
    headersStart: number,
    headersEnd: number,
  ): void {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = timestamp;
    }
    const timestampDelta = subtractInt64(timestamp, this.#baseTimestamp);
    const keyLength = keyStart < 0 ? -1 : keyEnd - keyStart;
    const valueLength = valueStart < 0 ? -1 : valueEnd - valueStart;
    const length =
      1 +
      sizeOfVarlong(timestampDelta) +
      sizeOfVarint(this.#count) +
      sizeOfVarint(keyLength) +
      Math.max(0, keyLength) +
      sizeOfVarint(valueLength) +
      Math.max(0, valueLength) +
      (headersEnd - headersStart);
    this.#reserve(length + 5);
    const bytes = this.#bytes;
    let byteAt = writeVarint(bytes, this.#byteAt, length);
    bytes[byteAt++] = 0;
    byteAt = writeVarlong(bytes, byteAt, timestampDelta);
    byteAt = writeVarint(bytes, byteAt, this.#count);
    byteAt = writeVarint(bytes, byteAt, keyLength);
    if (keyLength > 0) byteAt = copyBytes(keySource, keyStart, keyEnd, bytes, byteAt);
    byteAt = writeVarint(bytes, byteAt, valueLength);
    if (valueLength > 0) byteAt = copyWords(valueSource, valueStart, valueEnd, this.#view, byteAt);
    this.#byteAt = copyWords(headers, headersStart, headersEnd, this.#view, byteAt);
    this.#count++;
  }

  /** Appends one record from whole values: the form for the load source, dead letters and tests. */
  appendRecord(
    timestamp: Int64,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array = NO_HEADERS,
  ): void {
    this.append(
      timestamp,
      key ?? EMPTY,
      key === null ? -1 : 0,
      key?.byteLength ?? -1,
      value === null ? EMPTY_VIEW : viewOf(value),
      value === null ? -1 : 0,
      value?.byteLength ?? -1,
      viewOf(headers),
      0,
      headers.byteLength,
    );
  }

  /** Ends the batch, and empties the writer for the next batch. */
  finish(compression: CompressionType = 'none'): EncodedRecordBatch {
    if (this.#count === 0) throw new RangeError('a record batch holds at least one record');
    const bytes = compression === 'none' ? this.#handOver() : this.#compressed(compression);
    const view = viewOf(bytes);
    writeInt64(view, AT.baseOffset, 0);
    view.setInt32(AT.batchLength, bytes.byteLength - LENGTH_OVERHEAD);
    view.setInt32(AT.partitionLeaderEpoch, -1);
    view.setInt8(AT.magic, MAGIC_V2);
    view.setInt16(AT.attributes, COMPRESSION_TYPES.indexOf(compression));
    view.setInt32(AT.lastOffsetDelta, this.#count - 1);
    writeInt64(view, AT.baseTimestamp, this.#baseTimestamp);
    writeInt64(view, AT.maxTimestamp, this.#maxTimestamp);
    writeInt64(view, AT.producerId, NO_PRODUCER);
    view.setInt16(AT.producerEpoch, NO_PRODUCER);
    view.setInt32(AT.baseSequence, NO_PRODUCER);
    view.setInt32(AT.recordCount, this.#count);
    view.setUint32(AT.crc, crc32c(bytes.subarray(AT.attributes)));
    const recordCount = this.#count;
    this.#byteAt = HEADER_BYTES;
    this.#count = 0;
    return { bytes, recordCount };
  }

  /**
   * Gives away the bytes with their buffer. The next buffer gets the same size, because batches are
   * alike.
   */
  #handOver(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#byteAt);
    this.#expectedBytes = Math.max(INITIAL_BYTES, this.#byteAt);
    this.#use(NOTHING);
    return bytes;
  }

  #compressed(compression: CompressionType): Uint8Array<ArrayBuffer> {
    const records = compress(compression, this.#bytes.subarray(HEADER_BYTES, this.#byteAt));
    const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES + records.byteLength));
    bytes.set(records, HEADER_BYTES);
    return bytes;
  }

  #use(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  #reserve(more: number): void {
    const needed = this.#byteAt + more;
    const outgrown = this.#bytes;
    if (needed <= outgrown.byteLength) return;
    const wanted = Math.max(needed, this.#expectedBytes, outgrown.byteLength * 2);
    this.#use(Buffer.from(this.#buffers.acquire(wanted)));
    if (outgrown.byteLength === 0) return;
    this.#bytes.set(outgrown.subarray(0, this.#byteAt));
    this.#buffers.giveBack(outgrown.buffer);
  }
}

/**
 * Encodes a block of headers: a count, then the key and value of each. The headers of the block
 * `before` come first, byte for byte.
 */
export function encodeHeaders(headers: readonly RecordHeader[], before: Uint8Array = NO_HEADERS): Uint8Array {
  const cursor: VarintCursor = { bytes: before, byteAt: 0, end: before.byteLength };
  const count = readVarint(cursor) + headers.length;
  const kept = before.subarray(cursor.byteAt);
  const keys = headers.map(({ key }) => Buffer.from(key, 'utf8'));
  let size = sizeOfVarint(count) + kept.byteLength;
  headers.forEach(({ value }, index) => {
    const keyLength = (keys[index] as Buffer).byteLength;
    const valueLength = value === null ? -1 : value.byteLength;
    size += sizeOfVarint(keyLength) + keyLength + sizeOfVarint(valueLength) + Math.max(0, valueLength);
  });
  const bytes = new Uint8Array(size);
  let byteAt = writeVarint(bytes, 0, count);
  bytes.set(kept, byteAt);
  byteAt += kept.byteLength;
  headers.forEach(({ value }, index) => {
    const key = keys[index] as Buffer;
    byteAt = writeVarint(bytes, byteAt, key.byteLength);
    bytes.set(key, byteAt);
    byteAt = writeVarint(bytes, byteAt + key.byteLength, value === null ? -1 : value.byteLength);
    if (value !== null) {
      bytes.set(value, byteAt);
      byteAt += value.byteLength;
    }
  });
  return bytes;
}

/**
 * The identity of the producer of a batch: the broker drops a batch whose sequence numbers it has
 * already seen.
 */
export interface ProducerStamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** The batch is part of a transaction: readers see it after that is committed. */
  readonly transactional?: boolean;
}

/** Writes the producer's identity into a finished batch, in place, and renews its CRC. */
export function stamp(bytes: Uint8Array, producer: ProducerStamp): void {
  const { producerId, producerEpoch, baseSequence, transactional = false } = producer;
  const view = viewOf(bytes);
  const attributes = view.getInt16(AT.attributes);
  view.setInt16(AT.attributes, transactional ? attributes | TRANSACTIONAL : attributes & ~TRANSACTIONAL);
  writeInt64(view, AT.producerId, producerId);
  view.setInt16(AT.producerEpoch, producerEpoch);
  view.setInt32(AT.baseSequence, baseSequence);
  view.setUint32(AT.crc, crc32c(bytes.subarray(AT.attributes)));
}
