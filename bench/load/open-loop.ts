// Sends the records of the workload on a schedule that does not wait for anybody (an open loop):
// each record carries the time it was meant to be sent as its timestamp, so that a slow receiver,
// or a slow sender, shows in the latency measured from it (G. Tene, "How NOT to measure latency",
// 2015: coordinated omission). At an infinite rate it sends as fast as is taken.

import { BufferPool } from '../../src/base/buffer-pool.ts';
import type { Format } from '../../src/codec/codecs.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import type { ResultBatch, Sink } from '../../src/log/ports.ts';
import { NO_HEADERS, RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { Workload } from '../workload.ts';
import type { LivePlan } from './lingering.ts';
import { type TracesPlan, tracedHeaders } from './traced-headers.ts';

export interface LoadPlan {
  readonly topic: string;
  readonly format: Format;
  /** Features of a record. */
  readonly width: number;
  /** Number of the first record, and how many to send. */
  readonly first: number;
  readonly count: number;
  /** Infinity: as fast as the sinks take them. */
  readonly recordsPerSecond: number;
  /** Records that have a `traceparent`; none unless given. */
  readonly traces?: TracesPlan;
  /** Send as the producers of people do, at an agreed time. */
  readonly live?: LivePlan;
}

export interface LoadReport {
  readonly sent: number;
  readonly seconds: number;
  readonly cpuMicrosPerRecord: number;
  /** The longest that a record was sent after its time, in milliseconds. */
  readonly latestMs: number;
  /** Of a live load: produce requests, and the latest of each stretch of `LATE_EVERY_MS`. */
  readonly requests?: number;
  readonly lateMs?: readonly number[];
}

/** Milliseconds between two looks at the schedule. */
const TICK_MS = 2;
const RECORDS_PER_SEND_MAX = 8_000;
/** Below the broker's message.max.bytes of 1 MiB. */
const BATCH_BYTES_MAX = 512 * 1024;
/**
 * Sends in flight, at an infinite rate only: a schedule is kept whatever is in flight, up to a
 * bound that is an error to pass.
 */
const IN_FLIGHT_MAX = 4;
const BEHIND_MAX = 2_000;

/** Sends the plan; each partition goes through one of the sinks, so that its order stays. */
export async function runOpenLoop(
  plan: LoadPlan,
  sinks: readonly Sink[],
  signal?: AbortSignal,
): Promise<LoadReport> {
  const { topic, format, width, first, count, recordsPerSecond, traces } = plan;
  const partitions = await (sinks[0] as Sink).partitionCount(topic);
  const workload = new Workload(format, width);
  const headersOf = traces === undefined ? () => NO_HEADERS : tracedHeaders(traces);
  const buffers = new BufferPool();
  const writers = Array.from({ length: partitions }, () => new RecordBatchWriter(buffers));
  const isPaced = Number.isFinite(recordsPerSecond);
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  let latestMs = 0;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const epochMs = Date.now();
  let sent = 0;
  while (sent < count && failure === undefined && signal?.aborted !== true) {
    const elapsedMs = performance.now() - startedMs;
    const due = isPaced ? Math.floor((elapsedMs * recordsPerSecond) / 1000) : Number.POSITIVE_INFINITY;
    const until = Math.min(count, due, sent + RECORDS_PER_SEND_MAX);
    if (until > sent) {
      if (isPaced) latestMs = Math.max(latestMs, elapsedMs - (sent * 1000) / recordsPerSecond);
      let isFull = false;
      for (; sent < until && !isFull; sent++) {
        const number = first + sent;
        const key = workload.key(number);
        const atMs = isPaced ? (sent * 1000) / recordsPerSecond : elapsedMs;
        const writer = writers[partitionOfKey(key, partitions)] as RecordBatchWriter;
        writer.appendRecord(Math.floor(epochMs + atMs), key, workload.value(number), headersOf(number));
        isFull = writer.byteLength >= BATCH_BYTES_MAX;
      }
      const sending = Promise.all(
        sinks.map((sink, index) => sink.produce(take(writers, topic, index, sinks.length))),
      )
        .then((done) => {
          for (const { bytes } of done.flat()) buffers.giveBack(bytes.buffer);
        })
        .catch((error: unknown) => {
          failure = error;
        });
      inFlight.add(sending);
      void sending.then(() => inFlight.delete(sending));
      if (inFlight.size > BEHIND_MAX)
        throw new Error(`the broker does not take ${recordsPerSecond} records a second`);
    }
    if (isPaced && sent < Math.min(count, due)) continue;
    if (isPaced) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    else if (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  if (failure !== undefined) throw failure;
  const { user, system } = process.cpuUsage(cpu);
  return {
    sent,
    seconds: (performance.now() - startedMs) / 1000,
    cpuMicrosPerRecord: (user + system) / Math.max(1, sent),
    latestMs,
  };
}

/** The batches of those partitions that belong to sink `index` of `of`. */
function take(
  writers: readonly RecordBatchWriter[],
  topic: string,
  index: number,
  of: number,
): ResultBatch[] {
  return writers.flatMap((writer, partition) =>
    partition % of !== index || writer.recordCount === 0 ? [] : [{ topic, partition, ...writer.finish() }],
  );
}
