// All records that a topic holds now.

import { KafkaSource } from '../../src/kafka/source.ts';
import { startingAt } from '../../src/log/offset.ts';
import { readRange } from '../../src/log/read-range.ts';
import { kafkaFor, settingsFor } from './kafka.ts';
import { type ReadRecord, recordsIn } from './records.ts';

let readers = 0;

export async function recordsOf(address: string, topic: string): Promise<ReadRecord[]> {
  const settings = settingsFor(address, { 'group.id': `reader-${process.pid}-${readers++}` });
  const kafka = kafkaFor(settings);
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ranges = ends
    .toSorted((left, right) => left.partition - right.partition)
    .map(({ low, high }) => ({ from: startingAt(Number(low)), until: startingAt(Number(high)) }));
  const found: ReadRecord[] = [];
  await readRange(
    new KafkaSource(kafka, { topic, settings, onOutOfRange: 'fail' }),
    ranges,
    ({ batches, from }) => {
      for (const batch of batches)
        if (!batch.skip) found.push(...recordsIn(batch).filter(({ offset }) => offset >= from));
    },
  );
  return found;
}
