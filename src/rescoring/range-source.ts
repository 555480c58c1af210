// A range of history behind the Source port: a reader that belongs to no live group begins where it
// is told, ends where it is told, and commits nothing.

import { ScorelaneError } from '../base/errors.ts';
import { type NextOffset, startingAt } from '../log/offset.ts';
import type {
  AssignedPartition,
  CommitOffset,
  Fetched,
  LogEnd,
  OutOfRange,
  Source,
  SourceListener,
} from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';

/** The topic was deleted and made again while its history was read. */
export class HistoryGoneError extends ScorelaneError {
  readonly code = 'SCORELANE_HISTORY_GONE';
}

/**
 * A part of the history of one partition. It is read from `position`, which moves, up to `until`,
 * which only `extend` moves.
 */
export interface HistoryPart {
  position: number;
  until: number;
  /** The partition counts by which its records may have been placed, where that is known. */
  readonly placedBy?: readonly number[];
}

/** What is fetched of one partition. */
interface Reading {
  /** All below it was given to the listener. */
  given: number;
  /** Nothing that is in the range is left to fetch. */
  hasEnded: boolean;
  isPaused: boolean;
  /** Where reading began, before the range if windows are built up first; null: not yet. */
  begun: number | null;
  /** Of records that are gone from the log, all below it were told of. */
  goneTo: number;
}

export class RangeSource implements Source {
  readonly #inner: Source;
  readonly #parts: readonly HistoryPart[];
  readonly #readings: readonly Reading[];
  #done = Promise.withResolvers<void>();
  readonly #onGone: (event: OutOfRange) => void;
  readonly #begun = Promise.withResolvers<void>();
  #incarnation: string | undefined;

  /**
   * By partition; of those that are left out nothing is read. `onGone` is told of records of the
   * range that the log no longer has.
   */
  constructor(inner: Source, parts: readonly HistoryPart[], onGone: (event: OutOfRange) => void) {
    this.#inner = inner;
    this.#parts = parts;
    this.#onGone = onGone;
    this.#readings = parts.map(({ position, until }) => ({
      given: position,
      hasEnded: position >= until,
      isPaused: false,
      begun: null,
      goneTo: position,
    }));
  }

  /** Resolves when the first records have come. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when all of the range is answered. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** How much of all that is to be read was read, from 0 to 1. */
  get share(): number {
    let [read, all] = [0, 0];
    this.#parts.forEach(({ until }, partition) => {
      const { begun, given } = this.#readings[partition] as Reading;
      if (begun === null) return;
      read += Math.min(given, until) - begun;
      all += until - begun;
    });
    return all === 0 ? 0 : read / all;
  }

  /** The part of that partition ends later, if it does. `done` is to be asked for anew. */
  extend(of: TopicPartition, until: number): void {
    const [part, reading] = [this.#parts[of.partition], this.#readings[of.partition]];
    if (part === undefined || reading === undefined || until <= part.until) return;
    part.until = until;
    this.#done = Promise.withResolvers();
    // What was fetched beyond the end was left out.
    if (reading.hasEnded) this.seek(of, startingAt(reading.given));
    this.answered();
  }

  async start(listener: SourceListener): Promise<void> {
    this.answered();
    await this.#inner.start({
      revoking: (partitions) => listener.revoking(partitions),
      revoked: (partitions) => listener.revoked(partitions),
      lost: (partitions) => listener.lost(partitions),
      failed: (error) => listener.failed(error),
      assigned: (partitions) => this.#assigned(partitions, listener),
      fetched: (...parts) => {
        const wanted = parts.flatMap((part) => this.#within(part));
        if (wanted.length > 0) this.#begun.resolve();
        if (wanted.length > 0) listener.fetched(...wanted);
        this.answered();
      },
      outOfRange: (event) => {
        this.#gone(event);
        listener.outOfRange(event);
      },
    });
  }

  /** Records before the range only went into windows, and a reader that joins again asks again. */
  #gone(event: OutOfRange): void {
    const [part, reading] = [this.#parts[event.partition], this.#readings[event.partition]];
    if (part === undefined || reading === undefined) return;
    reading.given = Math.max(reading.given, event.resumedAt);
    const from = Math.max(event.position, part.position, reading.goneTo);
    const until = Math.min(event.resumedAt, part.until);
    if (until <= from) return;
    reading.goneTo = until;
    this.#onGone({ ...event, position: startingAt(from), resumedAt: startingAt(until) });
  }

  #assigned(partitions: readonly AssignedPartition[], listener: SourceListener): void {
    const [{ incarnation } = {}] = partitions;
    if (this.#incarnation !== undefined && incarnation !== this.#incarnation) {
      listener.failed(
        new HistoryGoneError(
          `topic ${partitions[0]?.topic} was deleted and made again while its history was read: start the replay anew`,
        ),
      );
      return;
    }
    this.#incarnation = incarnation;
    const wanted = partitions.flatMap((each) => {
      const part = this.#parts[each.partition];
      if (part === undefined) {
        this.#inner.pause(each);
        return [];
      }
      const { uncommitted: _, replaces: __, metadata: ___, ...of } = each;
      const { placedBy } = part;
      this.seek(each, startingAt(part.position));
      return [
        { ...of, position: startingAt(part.position), ...(placedBy === undefined ? {} : { placedBy }) },
      ];
    });
    listener.assigned(wanted);
  }

  /** Without the record batches that begin after the range. */
  #within(part: Fetched): Fetched[] {
    const history = this.#parts[part.partition];
    const reading = this.#readings[part.partition];
    if (history === undefined || reading === undefined) return [];
    const { until } = history;
    const batches = part.batches.filter(({ header }) => header.baseOffset < until);
    const next = part.batches.at(-1)?.header.next ?? 0;
    // Of a fetch from before a seek the engine takes nothing, and asks again.
    if (part.from <= reading.given) {
      reading.given = Math.max(reading.given, batches.at(-1)?.header.next ?? 0);
      if (next >= until && !reading.hasEnded) {
        reading.hasEnded = true;
        this.#inner.pause(part);
      }
    }
    return batches.length === 0
      ? []
      : [{ ...part, batches, highWatermark: Math.min(part.highWatermark, until) }];
  }

  /** To be called when positions have moved. */
  answered(): void {
    const isDone = this.#parts.every(({ position, until }, partition) => {
      const { hasEnded, given } = this.#readings[partition] as Reading;
      return position >= until || (hasEnded && position >= given);
    });
    if (isDone) this.#done.resolve();
  }

  pause(partition: TopicPartition): void {
    const reading = this.#readings[partition.partition];
    if (reading !== undefined) reading.isPaused = true;
    this.#inner.pause(partition);
  }

  resume(partition: TopicPartition): void {
    const reading = this.#readings[partition.partition];
    if (reading === undefined) return;
    reading.isPaused = false;
    if (!reading.hasEnded) this.#inner.resume(partition);
  }

  seek(partition: TopicPartition, position: NextOffset): void {
    const [part, reading] = [this.#parts[partition.partition], this.#readings[partition.partition]];
    if (part === undefined || reading === undefined) return;
    reading.given = position;
    reading.begun = Math.min(reading.begun ?? position, position);
    reading.hasEnded = position >= part.until;
    this.#inner.seek(partition, position);
    if (reading.hasEnded) this.#inner.pause(partition);
    else if (!reading.isPaused) this.#inner.resume(partition);
  }

  rest(ms: number): void {
    this.#inner.rest(ms);
  }

  /**
   * Commits nothing. But what the engine would commit is answered, also where nothing was scored.
   */
  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    for (const { partition, next } of offsets) {
      const part = this.#parts[partition];
      if (part !== undefined) part.position = Math.max(part.position, next);
    }
    this.answered();
  }

  offsetAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    return this.#inner.offsetAt(partition, timestampMs);
  }

  /** The log ends where the range does, or the record batch in which it does. */
  async logEnds(): Promise<readonly LogEnd[]> {
    const ends = await this.#inner.logEnds();
    return ends.map((end) => {
      const [part, reading] = [this.#parts[end.partition], this.#readings[end.partition]];
      const logEnd = Math.max(Math.min(end.logEnd, part?.until ?? 0), reading?.given ?? 0);
      return { ...end, logEnd };
    });
  }

  rejoin(): Promise<void> {
    return this.#inner.rejoin();
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }
}
