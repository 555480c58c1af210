// What a job has written into the topics `out` and `dead` of the embedded log.

import { parseDeadLetter, type Reason } from '../../src/answers/dead-letter.ts';
import { startingAt } from '../../src/log/offset.ts';
import { openRecordBatch, type RecordReader } from '../../src/log/record-batch-reader.ts';
import type { MemoryBroker } from '../../src/memory/broker.ts';

function* recordsIn(broker: MemoryBroker, topic: string, partitions: number): Generator<RecordReader> {
  for (let partition = 0; partition < partitions; partition++)
    for (const batch of broker
      .partition({ topic, partition })
      .read(startingAt(0), Number.POSITIVE_INFINITY)) {
      const records = openRecordBatch(batch, Number.POSITIVE_INFINITY);
      while (records.next()) yield records;
    }
}

/** The values of the results. */
export const textsIn = (broker: MemoryBroker, partitions: number): readonly string[] =>
  Array.from(recordsIn(broker, 'out', partitions), (record) => Buffer.from(record.value() ?? []).toString());

/** What the dead letters say. */
export const errorsIn = (
  broker: MemoryBroker,
  partitions: number,
): readonly Partial<Pick<Reason, 'stage' | 'code' | 'message'>>[] =>
  Array.from(recordsIn(broker, 'dead', partitions), (record) => {
    const { stage, code, message } = parseDeadLetter(record)?.reason ?? {};
    return JSON.parse(JSON.stringify({ stage, code, message })) as object;
  });
