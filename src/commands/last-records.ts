// The last records of a topic, over all of its partitions.

import type { Topics } from '../daemon/topics.ts';
import type { OffsetRange } from '../log/offset.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { type KeptRecord, kept } from './record-line.ts';

/** If offsets have gaps, the next look begins so many times further back. */
const FURTHER = 8;

/** The last records by their timestamps, the oldest first. */
export async function lastRecords(
  topics: Topics,
  topic: string,
  whole: readonly OffsetRange[],
  count: number,
  inflatedBytesMax: number,
): Promise<KeptRecord[]> {
  if (count === 0) return [];
  for (let back = count; ; back *= FURTHER) {
    const ranges = whole.map(({ from, until }) => ({ from: Math.max(from, until - back), until }));
    const found = ranges.map((): KeptRecord[] => []);
    await readRange(topics.open(topic), ranges, (fetched) => {
      const records = found[fetched.partition] as KeptRecord[];
      eachRecord(fetched, ranges, inflatedBytesMax, (record) => {
        records.push(kept(record, fetched.partition));
        if (records.length > count) records.shift();
      });
    });
    const isAll = found.every(
      ({ length }, partition) => length === count || ranges[partition]?.from === whole[partition]?.from,
    );
    if (isAll) return found.flat().toSorted(inTime).slice(-count);
  }
}

const inTime = (left: KeptRecord, right: KeptRecord): number =>
  left.timestampMs - right.timestampMs || left.partition - right.partition || left.offset - right.offset;
