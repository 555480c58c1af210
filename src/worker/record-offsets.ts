// The offsets of the records of a micro-batch. The header of a record batch gives only the first
// and the last offset: compaction takes records away and leaves the rest where they were, so that
// millions of offsets may hold a few records. Who wants records one by one asks for this list, and
// never counts through offsets.

import { splitRecordBatches } from '../log/record-batch.ts';
import { openRecordBatch } from '../log/record-batch-reader.ts';
import type { OffsetsRequest } from '../worker-protocol/messages.ts';

/**
 * The offsets of the records that were asked for, in ascending order. Throws what opening a record
 * batch throws.
 */
export function offsetsIn(
  { bytes, byteLength, first, until }: OffsetsRequest,
  inflatedBytesMax: number,
): Float64Array {
  const offsets: number[] = [];
  for (const batch of splitRecordBatches(new Uint8Array(bytes, 0, byteLength))) {
    const records = openRecordBatch(batch, inflatedBytesMax);
    while (records.next())
      if (records.offset >= first && records.offset < until) offsets.push(records.offset);
  }
  return Float64Array.from(offsets);
}
