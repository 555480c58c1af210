// Sends records at a steady rate, or as fast as the sink takes them. They have keys, are
// partitioned like those of Kafka's Java client, and carry the time of sending.

import type { Codec } from '../codec/codec.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import type { ResultBatch, Sink } from '../log/ports.ts';
import { after } from '../time/timer.ts';
import { spoil } from './garbage.ts';
import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

export interface LoadOptions {
  readonly sink: Sink;
  readonly topic: string;
  readonly codec: Codec;
  readonly records: Iterator<LoadRecord>;
  /** Infinity: as fast as the sink takes them. */
  readonly recordsPerSecond: number;
  /** Infinity: until stopped. */
  readonly count: number;
  /** The share of records that are spoilt, and the field that is missing in some of these. */
  readonly garbage: { readonly share: number; readonly field: string };
  /** A record batch is closed at this size. */
  readonly batchBytesMax: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly spoilt: number;
  readonly seconds: number;
}

/** Milliseconds between two sends at a steady rate. */
const TICK_MS = 5;
const RECORDS_PER_SEND_MAX = 2_000;
const SENDS_IN_FLIGHT_MAX = 4;

/** Sends until `count` is reached or the signal aborts. Rejects with the errors of the sink. */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadResult> {
  const { sink, topic, recordsPerSecond, count } = options;
  const partitionCount = await sink.partitionCount(topic);
  const builder = new LoadBuilder(options, partitionCount);
  const startedMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  while (builder.sent < count && !signal.aborted && failure === undefined) {
    const elapsedMs = performance.now() - startedMs;
    const due = Math.min(count, Math.floor((elapsedMs * recordsPerSecond) / 1000)) - builder.sent;
    if (due <= 0) {
      await unlessStopped(TICK_MS, signal);
      continue;
    }
    const send = sink.produce(builder.build(Math.min(due, RECORDS_PER_SEND_MAX))).then(
      () => {},
      (error: unknown) => {
        failure = error;
      },
    );
    inFlight.add(send);
    void send.then(() => inFlight.delete(send));
    if (inFlight.size >= SENDS_IN_FLIGHT_MAX) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  if (failure !== undefined) throw failure;
  return { sent: builder.sent, spoilt: builder.spoilt, seconds: (performance.now() - startedMs) / 1000 };
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

  /** The next `count` records, as record batches for their partitions. */
  build(count: number): ResultBatch[] {
    const { codec, records, garbage } = this.#options;
    const timestampMs = Date.now();
    for (let index = 0; index < count; index++) {
      const record = records.next().value as LoadRecord;
      const key = Buffer.from(record.key);
      const isSpoilt = garbage.share > 0 && this.#random.next() < garbage.share;
      const value = isSpoilt
        ? spoil(record, codec, garbage.field, this.spoilt++, this.#random)
        : codec.encode(record.value);
      this.#writers
        .writerFor(partitionOfKey(key, this.#partitionCount), key.byteLength + value.byteLength)
        .appendRecord(timestampMs, key, value);
      this.sent++;
    }
    return this.#writers.flush();
  }
}

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
