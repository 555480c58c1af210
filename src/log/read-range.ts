// Reads a topic from one offset of each partition to another, once, through a source that nobody
// else uses. Commits nothing. A range without an end is followed.

import { type NextOffset, type OffsetRange, startingAt } from './offset.ts';
import type { Fetched, Source } from './ports.ts';
import { openRecordBatch, type RecordReader } from './record-batch-reader.ts';
import { keyOf } from './topic-partition.ts';

/**
 * Calls `visit` with each fetch, in the order of offsets within each partition. The first and the
 * last batch may reach beyond the range. `ranges[n]` is the range of partition n; an empty range is
 * not read, and one up to infinity is read until `signal` says that it is enough. Starts and stops
 * the source. Rejects with the errors of the source and of `visit`.
 */
export async function readRange(
  source: Source,
  ranges: readonly OffsetRange[],
  visit: (fetched: Fetched) => void,
  signal?: AbortSignal,
): Promise<void> {
  const open = new Map(
    ranges.flatMap((range, partition) => (range.until > range.from ? [[partition, range] as const] : [])),
  );
  if (open.size === 0) return;
  const positions = new Map<string, NextOffset>();
  const done = Promise.withResolvers<void>();
  if (signal?.aborted) return;
  signal?.addEventListener('abort', () => done.resolve(), { once: true });
  const end = (partition: number): void => {
    open.delete(partition);
    if (open.size === 0) done.resolve();
  };
  const receive = (part: Fetched): void => {
    const range = open.get(part.partition);
    const position = positions.get(keyOf(part)) ?? range?.from ?? 0;
    const next = part.batches.at(-1)?.header.next ?? startingAt(0);
    // Fetched before the seek had an effect, or after an unexpected rebalance.
    if (range === undefined || part.from > position || next <= position) return;
    const batches = part.batches.filter(({ header }) => header.next > position);
    try {
      visit({ ...part, batches });
    } catch (error) {
      done.reject(error);
      return;
    }
    positions.set(keyOf(part), next);
    if (next >= range.until) end(part.partition);
  };
  await source.start({
    assigned(partitions) {
      for (const assigned of partitions) {
        const range = open.get(assigned.partition);
        if (range === undefined) source.pause(assigned);
        else source.seek(assigned, positions.get(keyOf(assigned)) ?? startingAt(range.from));
      }
    },
    revoking: async () => {},
    revoked: () => {},
    lost: () => {},
    // Records that were deleted cannot be read; the rest of the range is read.
    outOfRange({ partition, resumedAt }) {
      if (resumedAt >= (open.get(partition)?.until ?? 0)) end(partition);
    },
    failed: done.reject,
    fetched(...parts) {
      for (const part of parts) receive(part);
    },
  });
  try {
    await done.promise;
  } finally {
    await source.stop();
  }
}

/**
 * Calls `visit` with each record of a fetch that lies in the range of its partition, in order. The
 * range may be made shorter meanwhile. Throws as `openRecordBatch` does.
 */
export function eachRecord(
  { partition, batches }: Fetched,
  ranges: readonly OffsetRange[],
  inflatedBytesMax: number,
  visit: (record: RecordReader) => void,
): void {
  const range = ranges[partition];
  if (range === undefined) return;
  for (const batch of batches) {
    if (batch.skip) continue;
    const records = openRecordBatch(batch, inflatedBytesMax);
    while (records.next()) if (records.offset >= range.from && records.offset < range.until) visit(records);
  }
}
