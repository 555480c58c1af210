// An open loop that sends as the producers of people do: the open batch of a partition goes out
// `linger` milliseconds after its first record, all batches that are ready in one request, and at
// most five requests are in flight (what comes meanwhile joins the open batches). Each record
// carries the time it was due. It begins at a time that was agreed on, so that others can measure
// from it.

import { setTimeout as sleep } from 'node:timers/promises';
import { BufferPool } from '../../src/base/buffer-pool.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import type { ResultBatch, Sink } from '../../src/log/ports.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { VECTORS, Workload } from '../workload.ts';
import type { LoadPlan, LoadReport } from './open-loop.ts';
import { Schedule } from './schedule.ts';

/** The plan of this loop, which `LoadPlan.live` carries. */
export interface LivePlan {
  readonly lingerMs: number;
  /** Records that are due together at the start of every second, besides the rate. */
  readonly burst: number;
  /** Milliseconds since 1970. */
  readonly startAtMs: number;
  readonly compression: 'none' | 'gzip';
}

/** How late the source was is told for each stretch of so many milliseconds. */
export const LATE_EVERY_MS = 100;
const IN_FLIGHT_MAX = 5;
/** As of librdkafka, below the broker's message.max.bytes. */
const BATCH_BYTES_MAX = 512 * 1024;
/** Records that wait in the source because the broker takes none: more than that is an error. */
const WAITING_MS_MAX = 30_000;

interface Open {
  readonly writer: RecordBatchWriter;
  /** When its first record was due. */
  sinceMs: number;
}

const hasRecords = ({ writer }: Open): boolean => writer.recordCount > 0;
/** Between two looks at whether it was stopped. */
const SLEEP_MS_MAX = 100;

export async function runLingering(
  plan: LoadPlan,
  live: LivePlan,
  sink: Sink,
  signal?: AbortSignal,
): Promise<LoadReport> {
  const { topic, format, width, first, count, recordsPerSecond } = plan;
  const { lingerMs, startAtMs, compression } = live;
  const schedule = new Schedule(recordsPerSecond, live.burst);
  const partitions = await sink.partitionCount(topic);
  const workload = new Workload(format, width);
  // The first use of a row makes it: not while records are due.
  for (let row = 0; row < VECTORS; row++) workload.value(row);
  const buffers = new BufferPool();
  const open = Array.from(
    { length: partitions },
    (): Open => ({ writer: new RecordBatchWriter(buffers), sinceMs: 0 }),
  );
  const offsetMs = Date.now() - performance.now() - startAtMs;
  const elapsed = (): number => performance.now() + offsetMs;
  const lateMs: number[] = [];
  let inFlight = 0;
  let requests = 0;
  let failure: unknown;
  let sent = 0;

  /** Sends what is ready; `all`: whatever is there. */
  const flush = (nowMs: number, all: boolean): void => {
    if (inFlight >= IN_FLIGHT_MAX) return;
    const batches: ResultBatch[] = [];
    open.forEach(({ writer, sinceMs }, partition) => {
      if (writer.recordCount === 0) return;
      const isReady = all || nowMs - sinceMs >= lingerMs || writer.byteLength >= BATCH_BYTES_MAX;
      if (!isReady) return;
      const late = nowMs - sinceMs - lingerMs;
      const bucket = Math.max(0, Math.floor(nowMs / LATE_EVERY_MS));
      lateMs[bucket] = Math.max(lateMs[bucket] ?? 0, late);
      batches.push({ topic, partition, ...writer.finish(compression) });
    });
    if (batches.length === 0) return;
    inFlight++;
    requests++;
    sink
      .produce(batches)
      .then((done) => {
        for (const { bytes } of done) buffers.giveBack(bytes.buffer);
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => inFlight--);
  };

  await sleep(Math.max(0, -elapsed()));
  const cpu = process.cpuUsage();
  while (sent < count && failure === undefined && signal?.aborted !== true) {
    const nowMs = elapsed();
    const due = Math.min(count, schedule.countBefore(nowMs));
    for (; sent < due; sent++) {
      const number = first + sent;
      const dueMs = schedule.dueMs(sent);
      const key = workload.key(number);
      const one = open[partitionOfKey(key, partitions)] as Open;
      if (one.writer.recordCount === 0) one.sinceMs = dueMs;
      else if (nowMs - one.sinceMs > WAITING_MS_MAX)
        throw new Error(`the broker does not take ${recordsPerSecond} records a second`);
      one.writer.appendRecord(Math.floor(startAtMs + dueMs), key, workload.value(number));
      if (one.writer.byteLength < BATCH_BYTES_MAX) continue;
      flush(nowMs, false);
      // Five are in flight and this one is full: as a producer whose buffer is full, it waits.
      if (hasRecords(one)) {
        sent++;
        break;
      }
    }
    flush(nowMs, false);
    const next = sent < count ? schedule.dueMs(sent) : Number.POSITIVE_INFINITY;
    const ready = Math.min(...open.filter(hasRecords).map(({ sinceMs }) => sinceMs + lingerMs));
    await sleep(Math.max(1, Math.min(next, ready, nowMs + SLEEP_MS_MAX) - nowMs));
  }
  while (failure === undefined && (inFlight > 0 || open.some(hasRecords))) {
    flush(elapsed(), true);
    await sleep(1);
  }
  if (failure !== undefined) throw failure;
  const { user, system } = process.cpuUsage(cpu);
  return {
    sent,
    seconds: elapsed() / 1000,
    cpuMicrosPerRecord: (user + system) / Math.max(1, sent),
    latestMs: Math.max(0, ...lateMs.filter((late) => late !== undefined)),
    requests,
    lateMs: Array.from(lateMs, (late) => late ?? 0),
  };
}
