// Sends records at a steady rate, or as fast as the sink takes them. They have keys, are
// partitioned like those of Kafka's Java client, and carry the time of sending.

import { grouped } from '../base/grouped.ts';
import type { Codec } from '../codec/codec.ts';
import { codecs } from '../codec/codecs.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import type { ResultBatch, Sink } from '../log/ports.ts';
import { after } from '../time/timer.ts';
import { spoil } from './garbage.ts';
import type { LoadRecord, LoadRecords } from './load-record.ts';
import { Random } from './random.ts';

export interface LoadOptions {
  readonly sink: Sink;
  readonly topic: string;
  readonly codec: Codec;
  readonly records: LoadRecords;
  /** Infinity: as fast as the sink takes them. */
  readonly recordsPerSecond: number;
  /** Infinity: until stopped. */
  readonly count: number;
  /** The share of records that are spoilt, and the field that is missing in some of these. */
  readonly garbage: { readonly share: number; readonly field: string };
  /** A record batch is closed at this size. */
  readonly batchBytesMax: number;
  /** It is told how many records have been handed to the sink so far. */
  readonly onSent?: (sent: number) => void;
}

export interface LoadResult {
  readonly sent: number;
  readonly spoilt: number;
  readonly seconds: number;
  /** Why it ended, if not as asked: an error of the sink or of the records. */
  readonly failure: unknown;
}

/** Milliseconds between two sends at a steady rate. */
const TICK_MS = 5;
const RECORDS_PER_SEND_MAX = 2_000;
const SENDS_IN_FLIGHT_MAX = 4;

/**
 * Sends until `count` is reached, the records end or the signal aborts. What was sent before a
 * failure is waited for.
 */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadResult> {
  const { sink, topic, recordsPerSecond, count, onSent } = options;
  const partitionCount = await sink.partitionCount(topic);
  const builder = new LoadBuilder(options, partitionCount);
  const startedMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  const failed = (error: unknown): void => {
    failure ??= error;
  };
  const taken = (most: number): Promise<readonly LoadRecord[]> =>
    orStopped(options.records.take(most), signal).catch((error: unknown) => {
      failed(error);
      return [];
    });
  while (builder.sent < count && !signal.aborted && failure === undefined) {
    const elapsedMs = performance.now() - startedMs;
    const due = Math.min(count, Math.floor((elapsedMs * recordsPerSecond) / 1000)) - builder.sent;
    if (due <= 0) {
      await unlessStopped(TICK_MS, signal);
      continue;
    }
    const records = await taken(Math.min(due, RECORDS_PER_SEND_MAX));
    if (records.length === 0) break;
    const send = sink.produce(builder.build(records)).then(() => onSent?.(builder.sent), failed);
    inFlight.add(send);
    void send.then(() => inFlight.delete(send));
    if (inFlight.size >= SENDS_IN_FLIGHT_MAX) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  const seconds = (performance.now() - startedMs) / 1000;
  return { sent: builder.sent, spoilt: builder.spoilt, seconds, failure };
}

class LoadBuilder {
  sent = 0;
  spoilt = 0;
  readonly #options: LoadOptions;
  readonly #partitionCount: number;
  readonly #writers: PartitionWriters;
  readonly #random = new Random(1);

  constructor(options: LoadOptions, partitionCount: number) {
    this.#options = options;
    this.#partitionCount = partitionCount;
    this.#writers = new PartitionWriters(options.topic, options.batchBytesMax);
  }

  /** The next records, as record batches for their partitions. */
  build(records: readonly LoadRecord[]): ResultBatch[] {
    const { codec, garbage } = this.#options;
    const timestampMs = Date.now();
    for (const record of records) {
      const key = Buffer.from(record.key);
      const isSpoilt = garbage.share > 0 && this.#random.next() < garbage.share;
      const value = isSpoilt
        ? spoil(record, codec, garbage.field, this.spoilt++, this.#random)
        : ((codec === codecs.json ? record.json : undefined) ?? codec.encode(record.value));
      this.#writers
        .writerFor(partitionOfKey(key, this.#partitionCount), key.byteLength + value.byteLength)
        .appendRecord(timestampMs, key, value);
      this.sent++;
    }
    return this.#writers.flush();
  }
}

/** A pipe may have nothing to say for a long time. */
const orStopped = <T>(work: Promise<readonly T[]>, signal: AbortSignal): Promise<readonly T[]> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve([]);
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

const unlessStopped = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = after(ms, done);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });

/** Below this share of the rate that was asked for, it was not reached. */
const REACHED_SHARE = 0.95;
/** A shorter time says nothing about a rate. */
const MEASURED_S = 1;

/** Says it if the rate that was asked for was not reached; null if it was. */
export function shortfall(asked: number, { sent, seconds }: LoadResult): string | null {
  const reached = sent / seconds;
  if (!Number.isFinite(asked) || seconds < MEASURED_S || reached >= asked * REACHED_SHARE) return null;
  return `asked ${grouped(asked)} records a second, reached ${grouped(reached)}`;
}
