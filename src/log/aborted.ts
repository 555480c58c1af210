// Finds the record batches that a reader of committed records must not see: control batches, and
// batches of aborted transactions. The function is pure, and follows the rule of Kafka's own
// consumer: an aborted transaction begins at the first offset that the broker names for it, and
// ends with its producer's abort marker.

import { readVarint, readVarlong, type VarintCursor } from '../base/varint.ts';
import { HEADER_BYTES, type RawRecordBatch } from './record-batch.ts';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/**
 * The key of a control record is a version and a type, 16 bits each. Type 0 is an abort, type 1 a
 * commit.
 */
const ABORT = 0;

/** For each batch, in order, whether it must be skipped. */
export function skippedBatches(
  batches: readonly RawRecordBatch[],
  abortedTransactions: readonly AbortedTransaction[],
): boolean[] {
  const waiting = abortedTransactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<number>();
  let opened = 0;
  return batches.map((batch) => {
    const { header } = batch;
    while (
      opened < waiting.length &&
      (waiting[opened] as AbortedTransaction).firstOffset <= header.lastOffset
    ) {
      aborting.add((waiting[opened++] as AbortedTransaction).producerId);
    }
    if (header.control) {
      if (controlType(batch) === ABORT) aborting.delete(header.producerId);
      return true;
    }
    return header.transactional && aborting.has(header.producerId);
  });
}

/** The type of a control batch: brokers write them uncompressed, with one record. */
function controlType({ bytes }: RawRecordBatch): number {
  const cursor: VarintCursor = { bytes, byteAt: HEADER_BYTES, end: bytes.byteLength };
  readVarint(cursor); // length
  cursor.byteAt++; // attributes
  readVarlong(cursor); // timestamp delta
  readVarint(cursor); // offset delta
  readVarint(cursor); // key length
  return ((bytes[cursor.byteAt + 2] as number) << 8) | (bytes[cursor.byteAt + 3] as number);
}
