// Cuts a record batch into two, for a topic that does not take it whole: the records stay as they
// are, and in their order. One batch of a thousand is cut, not every one, so the main thread may do
// it.

import { viewOf } from '../base/int64.ts';
import { COMPRESSION_TYPES } from './compression.ts';
import type { ResultBatch } from './ports.ts';
import { readHeader } from './record-batch.ts';
import { openRecordBatch } from './record-batch-reader.ts';
import { RecordBatchWriter } from './record-batch-writer.ts';

/** It was made here, so it inflates to what it was made of. */
const ANY_SIZE = 2 ** 31 - 1;

/** It has two records at least. The first half has half of them, rounded down. */
export function halve({ topic, partition, bytes }: ResultBatch): [ResultBatch, ResultBatch] {
  const header = readHeader(bytes);
  const records = openRecordBatch({ header, bytes }, ANY_SIZE);
  const view = viewOf(records.bytes);
  const writeNext = (count: number): ResultBatch => {
    const writer = new RecordBatchWriter();
    for (let left = count; left > 0 && records.next(); left--) {
      const { timestamp, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = records;
      writer.append(
        timestamp,
        records.bytes,
        keyStart,
        keyEnd,
        view,
        valueStart,
        valueEnd,
        view,
        headersStart,
        headersEnd,
      );
    }
    return { topic, partition, ...writer.finish(COMPRESSION_TYPES[header.compression]) };
  };
  const middle = header.recordCount >> 1;
  return [writeNext(middle), writeNext(header.recordCount - middle)];
}
