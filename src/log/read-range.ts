// Reads a topic from one offset of each partition to another, once, through a source that nobody
// else uses. Commits nothing. A range without an end is followed.

import { type NextOffset, type OffsetRange, startingAt } from './offset.ts';
import type { Fetched, Source } from './ports.ts';
import { openRecordBatch, type RecordReader } from './record-batch-reader.ts';
import { keyOf } from './topic-partition.ts';

/** Fetches that wait before the source is told to rest. */
const WAITING_MAX = 8;

/**
 * Calls `visit` with each fetch, in the order of offsets within each partition. The first and the
 * last batch may reach beyond the range. `ranges[n]` is the range of partition n; an empty range is
 * not read, and one up to infinity is read until `signal` says that it is enough. A promise of
 * `visit` is waited for before the next call. Starts and stops the source. Rejects with the errors
 * of the source and of `visit`.
 */
export async function readRange(
  source: Source,
  ranges: readonly OffsetRange[],
  visit: (fetched: Fetched) => void | Promise<void>,
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
  const waiting: (() => void | Promise<void>)[] = [];
  const paused: Fetched[] = [];
  let isBusy = false;
  const receive = (part: Fetched): void | Promise<void> => {
    const range = open.get(part.partition);
    const position = positions.get(keyOf(part)) ?? range?.from ?? 0;
    const next = part.batches.at(-1)?.header.next ?? startingAt(0);
    // Fetched before the seek had an effect, or after an unexpected rebalance.
    if (range === undefined || part.from > position || next <= position) return;
    const batches = part.batches.filter(({ header }) => header.next > position);
    const visited = (): void => {
      positions.set(keyOf(part), next);
      if (next >= range.until) end(part.partition);
    };
    const visiting = visit({ ...part, batches });
    return visiting === undefined ? visited() : visiting.then(visited);
  };
  /** One after the other. While somebody waits, the source is told to rest. */
  const takeNext = (): void => {
    try {
      for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
        const working = work();
        if (working === undefined) continue;
        isBusy = true;
        working.then(() => {
          isBusy = false;
          takeNext();
        }, done.reject);
        return;
      }
    } catch (error) {
      done.reject(error);
      return;
    }
    for (const part of paused.splice(0)) if (open.has(part.partition)) source.resume(part);
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
      waiting.push(() => {
        if (resumedAt >= (open.get(partition)?.until ?? 0)) end(partition);
      });
      if (!isBusy) takeNext();
    },
    failed: done.reject,
    fetched(...parts) {
      waiting.push(...parts.map((part) => () => receive(part)));
      if (!isBusy) takeNext();
      else if (waiting.length > WAITING_MAX)
        for (const part of parts) {
          source.pause(part);
          paused.push(part);
        }
    },
  });
  try {
    await done.promise;
  } finally {
    await source.stop();
  }
}

/**
 * Each record of a fetch that lies in the range of its partition, in order: always the same object,
 * which goes on to the next one. The range may be made shorter meanwhile. Throws as
 * `openRecordBatch` does.
 */
export function* recordsWithin(
  { partition, batches }: Fetched,
  ranges: readonly OffsetRange[],
  inflatedBytesMax: number,
): Generator<RecordReader> {
  const range = ranges[partition];
  if (range === undefined) return;
  for (const batch of batches) {
    if (batch.skip) continue;
    const records = openRecordBatch(batch, inflatedBytesMax);
    while (records.next()) if (records.offset >= range.from && records.offset < range.until) yield records;
  }
}

/** Calls `visit` with each of them. */
export function eachRecord(
  fetched: Fetched,
  ranges: readonly OffsetRange[],
  inflatedBytesMax: number,
  visit: (record: RecordReader) => void,
): void {
  for (const record of recordsWithin(fetched, ranges, inflatedBytesMax)) visit(record);
}
