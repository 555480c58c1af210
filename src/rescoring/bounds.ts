// Where a range of history begins and ends, as a user says it: a time, the earliest or the latest
// record, or an offset for each partition.

import type { OffsetRange } from '../log/offset.ts';
import { timeIn } from '../written/time-text.ts';

export type HistoryBound =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'time'; readonly timestampMs: number }
  /** By partition. Partitions that are not named are not read. */
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

export const BOUND_EXPECTED =
  'earliest, latest, a time such as 2026-01-31T12:00:00Z, or offsets by partition such as 0:1200,1:1187';

const OFFSETS = /^\d{1,9}:\d{1,15}(?:,\d{1,9}:\d{1,15})*$/;

/** Undefined for a text that is none. */
export function boundIn(text: string): HistoryBound | undefined {
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (OFFSETS.test(text)) {
    const pairs = text.split(',').map((part) => part.split(':').map(Number) as [number, number]);
    const offsets = new Map(pairs);
    return offsets.size === pairs.length ? { kind: 'offsets', offsets } : undefined;
  }
  const timestampMs = timeIn(text);
  return Number.isNaN(timestampMs) ? undefined : { kind: 'time', timestampMs };
}

/** Of one partition: what the log holds, and the first offsets of the times that were asked for. */
export interface HeldRange extends OffsetRange {
  /** Undefined where no time was asked for. */
  readonly fromTime?: number | undefined;
  readonly untilTime?: number | undefined;
}

/**
 * The range of each partition. Throws `RangeError` for offsets that the log does not hold, and for
 * an end before the beginning, naming the option and the partition.
 */
export function rangesBetween(
  held: readonly HeldRange[],
  from: HistoryBound,
  to: HistoryBound,
): OffsetRange[] {
  for (const [option, bound] of [['--from', from] as const, ['--to', to] as const])
    if (bound.kind === 'offsets') requireHeld(option, bound.offsets, held);
  requireOrder(from, to);
  return held.map((each, partition) => {
    const start = offsetOf(from, partition, each, each.fromTime);
    const until = offsetOf(to, partition, each, each.untilTime);
    if (start === undefined || until === undefined) return { from: each.from, until: each.from };
    return { from: start, until: Math.max(start, until) };
  });
}

function offsetOf(
  bound: HistoryBound,
  partition: number,
  { from, until }: HeldRange,
  atTime: number | undefined,
): number | undefined {
  switch (bound.kind) {
    case 'earliest':
      return from;
    case 'latest':
      return until;
    case 'time':
      return Math.min(until, Math.max(from, atTime ?? until));
    case 'offsets':
      return bound.offsets.get(partition);
  }
}

function requireOrder(from: HistoryBound, to: HistoryBound): void {
  if (from.kind === 'time' && to.kind === 'time' && to.timestampMs <= from.timestampMs)
    throw new RangeError(
      `--to: expected a time after --from, which is ${timeOf(from.timestampMs)}, found ${timeOf(to.timestampMs)}`,
    );
  if (from.kind !== 'offsets' || to.kind !== 'offsets') return;
  for (const [partition, offset] of from.offsets) {
    const until = to.offsets.get(partition);
    if (until === undefined || until < offset)
      throw new RangeError(
        `--to: expected an offset of partition ${partition} from ${offset} on, where --from begins, found ${until ?? 'none'}`,
      );
  }
  for (const partition of to.offsets.keys())
    if (!from.offsets.has(partition))
      throw new RangeError(
        `--from: expected an offset of partition ${partition}, which --to names, found none`,
      );
}

const timeOf = (timestampMs: number): string => new Date(timestampMs).toISOString();

function requireHeld(option: string, offsets: ReadonlyMap<number, number>, held: readonly HeldRange[]): void {
  for (const [partition, offset] of offsets) {
    const range = held[partition];
    if (range === undefined)
      throw new RangeError(
        `${option}: expected partitions from 0 to ${held.length - 1}, found partition ${partition}`,
      );
    if (offset < range.from || offset > range.until)
      throw new RangeError(
        `${option}: expected an offset from ${range.from} to ${range.until} of partition ${partition}, found ${offset}`,
      );
  }
}
