// All records that a topic holds now.

import { KafkaSource } from '../../src/kafka/source.ts';
import { startingAt } from '../../src/log/offset.ts';
import { readRange } from '../../src/log/read-range.ts';
import { kafkaFor, settingsFor } from './kafka.ts';
import { type PartitionRecord, recordsIn } from './records.ts';

let readers = 0;

export async function recordsOf(address: string, topic: string): Promise<PartitionRecord[]> {
  const settings = settingsFor(address, { 'group.id': `reader-${process.pid}-${readers++}` });
  const kafka = kafkaFor(settings);
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ranges = ends
    .toSorted((left, right) => left.partition - right.partition)
    .map(({ low, high }) => ({ from: startingAt(Number(low)), until: startingAt(Number(high)) }));
  const found: PartitionRecord[] = [];
  await readRange(
    new KafkaSource(kafka, { topic, settings, onOutOfRange: 'fail' }),
    ranges,
    ({ partition, batches, from }) => {
      for (const batch of batches) {
        if (batch.skip) continue;
        for (const record of recordsIn(batch))
          if (record.offset >= from) found.push({ ...record, partition });
      }
    },
  );
  return found;
}

/** Results by the record that they came from: its partition and offset. */
export const bySource = (records: readonly PartitionRecord[]): Map<string, PartitionRecord> =>
  new Map(
    records.map((record) => {
      const of = Object.fromEntries(record.headers);
      return [`${of['__scorelane.source.partition']}/${of['__scorelane.source.offset']}`, record];
    }),
  );
