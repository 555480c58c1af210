// Cuts a record batch in two, for a topic that does not take it whole. The records and their order
// stay as they are. This happens seldom, so the main thread may do it.

import { viewOf } from '../base/int64.ts';
import { COMPRESSION_TYPES } from './compression.ts';
import type { ResultBatch } from './ports.ts';
import { readHeader } from './record-batch.ts';
import { openRecordBatch } from './record-batch-reader.ts';
import { RecordBatchWriter } from './record-batch-writer.ts';

/** We made this batch, so no bound is needed. */
const ANY_SIZE = 2 ** 31 - 1;

/** The batch must have at least two records. The first half gets half of them, rounded down. */
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
