// The compression types of RecordBatch v2. Inflation has a bound, so that a small batch cannot fill
// the memory. gzip and zstd come from Node; lz4 is the frame format; snappy is raw, or in the
// "xerial" framing that Kafka's Java client writes (magic 0x82 "SNAPPY" 0x00, two version numbers,
// then length-prefixed raw blocks).
//
// The packages for lz4 and snappy hand out memory of their own. It is freed in a turn of the event
// loop, after the garbage collection of its JavaScript object. A worker that gets its tasks through
// Atomics makes no turns, so there the memory would never be freed. Therefore it is counted here.

import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { ScorelaneError } from '../base/errors.ts';
import { viewOf } from '../base/int64.ts';

export const COMPRESSION_TYPES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CompressionType = (typeof COMPRESSION_TYPES)[number];

/** A record batch that would inflate to more than `inflatedBytesMax`. */
export class InflationBoundError extends ScorelaneError {
  readonly code = 'SCORELANE_INFLATION_BOUND';
}

/** Compressed bytes that do not inflate. */
export class CompressionError extends ScorelaneError {
  readonly code = 'SCORELANE_COMPRESSION';
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES_MAX: Record<number, number> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };

/** Bytes that the packages handed out in this thread since the last turn for them. */
let handedOutBytes = 0;

const handedOut = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => {
  handedOutBytes += bytes.byteLength;
  return bytes;
};

/**
 * If memory was handed out, returns a promise of the next turn of the event loop, which frees it.
 */
export function turnToFree(): Promise<void> | undefined {
  if (handedOutBytes === 0) return undefined;
  handedOutBytes = 0;
  return new Promise((resolve) => setImmediate(resolve));
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Compresses the records section of a batch. */
export function compress(type: CompressionType, bytes: Uint8Array): Uint8Array {
  switch (type) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes, { level: constants.Z_BEST_SPEED });
    case 'snappy':
      return handedOut(snappy.compressSync(bufferOf(bytes)));
    case 'lz4':
      return handedOut(lz4.compressFrameSync(bufferOf(bytes)));
    case 'zstd':
      return zstdCompressSync(bytes);
  }
}

/** Inflates the records section of a batch; `type` is the number in its attributes. */
export function decompress(type: number, bytes: Uint8Array, inflatedBytesMax: number): Uint8Array {
  const name = COMPRESSION_TYPES[type];
  if (name === undefined) throw new CompressionError(`compression type ${type} is not known`);
  if (name === 'none') return bytes;
  try {
    return inflate(name, bytes, inflatedBytesMax);
  } catch (error) {
    if (error instanceof InflationBoundError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(name, inflatedBytesMax);
    throw new CompressionError(`${name} data does not inflate: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function inflate(
  name: Exclude<CompressionType, 'none'>,
  bytes: Uint8Array,
  maxOutputLength: number,
): Uint8Array {
  switch (name) {
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength });
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength });
    case 'snappy':
      return inflateSnappy(bytes, maxOutputLength);
    case 'lz4': {
      if (lz4InflatedBytesMax(bytes) > maxOutputLength) throw tooLarge(name, maxOutputLength);
      return handedOut(lz4.decompressFrameSync(bufferOf(bytes)));
    }
  }
}

const tooLarge = (name: string, bound: number): InflationBoundError =>
  new InflationBoundError(`${name} data inflates to more than limits.inflatedBytes, ${bound} bytes`);

/**
 * An upper bound for the inflated size of an lz4 frame, from its header and its block sizes: the
 * package has no bound of its own. Source:
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
function lz4InflatedBytesMax(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== LZ4_MAGIC) throw new CompressionError('lz4 data without a frame header');
  const flags = view.getUint8(4);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const blockBytesMax = LZ4_BLOCK_BYTES_MAX[(view.getUint8(5) >> 4) & 0x07];
  if (blockBytesMax === undefined) throw new CompressionError('lz4 frame with an unknown block size');
  let byteAt = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let bound = 0;
  for (;;) {
    const size = view.getUint32(byteAt, true);
    if (size === 0) return bound;
    const stored = (size & 0x8000_0000) !== 0;
    const byteLength = size & 0x7fff_ffff;
    bound += stored ? byteLength : blockBytesMax;
    byteAt += 4 + byteLength + (hasBlockChecksum ? 4 : 0);
  }
}

function inflateSnappy(bytes: Uint8Array, inflatedBytesMax: number): Uint8Array {
  const data = bufferOf(bytes);
  const framed = data.length >= XERIAL_HEADER_BYTES && data.subarray(0, 8).equals(XERIAL_MAGIC);
  const blocks = framed ? xerialBlocks(data) : [data];
  let total = 0;
  for (const block of blocks) {
    total += snappyInflatedBytes(block);
    if (total > inflatedBytesMax) throw tooLarge('snappy', inflatedBytesMax);
  }
  const parts = blocks.map((block) => handedOut(snappy.uncompressSync(block) as Buffer));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
}

function xerialBlocks(data: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let byteAt = XERIAL_HEADER_BYTES;
  while (byteAt < data.length) {
    const byteLength = data.readInt32BE(byteAt);
    if (byteLength < 0) throw new CompressionError(`a block of ${byteLength} bytes`);
    blocks.push(data.subarray(byteAt + 4, byteAt + 4 + byteLength));
    byteAt += 4 + byteLength;
  }
  return blocks;
}

/** Raw snappy begins with its inflated length, as an unsigned varint. */
function snappyInflatedBytes(block: Buffer): number {
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block.readUInt8(index);
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new CompressionError('snappy data without a length');
}
