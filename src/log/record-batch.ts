// The header of RecordBatch v2: where each field is, and how fetched bytes are cut into record
// batches without opening them. Source of the format: Kafka's protocol guide, "Record Batch"
// (https://kafka.apache.org/documentation/#recordbatch).

import { ScorelaneError } from '../base/errors.ts';
import { type Int64, readExactInt64, readInt64, readInt64Loosely, viewOf } from '../base/int64.ts';
import { type NextOffset, nextAfter, type Offset, offset } from './offset.ts';

/** Byte positions within a record batch. The CRC covers everything from `attributes` to the end. */
export const AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/**
 * `batchLength` counts only the bytes that follow it: the offset and the length itself are before
 * it.
 */
export const LENGTH_OVERHEAD = 12;
export const MAGIC_V2 = 2;
export const HEADER_BYTES = AT.records;

const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
/** A bit in the attributes of a batch. */
export const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The bytes are no RecordBatch v2: an older message format, or nothing of Kafka. */
export class UnsupportedFormatError extends ScorelaneError {
  readonly code = 'SCORELANE_UNSUPPORTED_FORMAT';
}

export interface RecordBatchHeader {
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  readonly next: NextOffset;
  /** The whole batch with its header. */
  readonly byteLength: number;
  readonly crc: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly compression: number;
  /** The broker has set the time when the batch arrived: every record has `maxTimestamp`. */
  readonly logAppendTime: boolean;
  readonly transactional: boolean;
  readonly control: boolean;
  /** Milliseconds since 1970, if the producer follows that rule. */
  readonly baseTimestamp: Int64;
  readonly maxTimestamp: Int64;
  readonly producerId: number;
  readonly recordCount: number;
}

/**
 * Reads the header at `byteAt`, before the CRC is checked: a damaged field gives a wrong value, not
 * an error. Throws `UnsupportedFormatError` when the magic byte is not 2, and `RangeError` when the
 * offset is not valid (no CRC covers it).
 */
export function readHeader(bytes: Uint8Array, byteAt = 0): RecordBatchHeader {
  const view = viewOf(bytes);
  const magic = view.getInt8(byteAt + AT.magic);
  if (magic !== MAGIC_V2) {
    throw new UnsupportedFormatError(
      `record batch with magic byte ${magic}; scorelane reads magic 2 only (written by Kafka 0.11 and later)`,
    );
  }
  const attributes = view.getInt16(byteAt + AT.attributes);
  const baseOffset = offset(readInt64(view, byteAt + AT.baseOffset));
  const lastOffset = offset(baseOffset + Math.max(0, view.getInt32(byteAt + AT.lastOffsetDelta)));
  return {
    baseOffset,
    lastOffset,
    next: nextAfter(lastOffset),
    byteLength: view.getInt32(byteAt + AT.batchLength) + LENGTH_OVERHEAD,
    crc: view.getUint32(byteAt + AT.crc),
    compression: attributes & COMPRESSION_MASK,
    logAppendTime: (attributes & LOG_APPEND_TIME) !== 0,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    baseTimestamp: readExactInt64(view, byteAt + AT.baseTimestamp),
    maxTimestamp: readExactInt64(view, byteAt + AT.maxTimestamp),
    producerId: readInt64Loosely(view, byteAt + AT.producerId),
    recordCount: view.getInt32(byteAt + AT.recordCount),
  };
}

/** One unopened record batch: its header, and its bytes as a view on the fetched bytes. */
export interface RawRecordBatch {
  readonly header: RecordBatchHeader;
  readonly bytes: Uint8Array;
}

/**
 * Cuts the bytes of a fetch into record batches. An incomplete batch at the end is left out: a
 * fetch with a byte limit ends with one, and the next fetch brings it whole.
 */
export function splitRecordBatches(bytes: Uint8Array): RawRecordBatch[] {
  const view = viewOf(bytes);
  const batches: RawRecordBatch[] = [];
  let byteAt = 0;
  while (bytes.byteLength - byteAt >= HEADER_BYTES) {
    const byteLength = view.getInt32(byteAt + AT.batchLength) + LENGTH_OVERHEAD;
    if (byteLength < HEADER_BYTES && view.getInt8(byteAt + AT.magic) === MAGIC_V2) {
      throw new UnsupportedFormatError(`record batch of ${byteLength} bytes, shorter than its own header`);
    }
    if (byteLength > bytes.byteLength - byteAt) break;
    const header = readHeader(bytes, byteAt);
    batches.push({ header, bytes: bytes.subarray(byteAt, byteAt + byteLength) });
    byteAt += byteLength;
  }
  return batches;
}
