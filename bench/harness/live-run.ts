// One scorer under a paced load, measured from outside: CPU by what the system says of its process,
// latency by the time at which the broker appended each result. So a peer that says nothing of
// itself is measured as the daemon is.

import { setTimeout as sleep } from 'node:timers/promises';
import { LATE_EVERY_MS } from '../load/lingering.ts';
import type { LoadReport } from '../load/open-loop.ts';
import { Schedule } from '../load/schedule.ts';
import { audit } from './audit.ts';
import type { Bench, Case } from './bench.ts';
import type { Job } from './log.ts';
import { cpuMicrosOf } from './proc.ts';
import type { Happening } from './tail.ts';
import { watch } from './watch.ts';

/** A scorer that has its partitions and waits for records. */
export interface RunningScorer {
  readonly pid: number;
  /** Rejects when it ended by itself. */
  readonly failed: Promise<never>;
  /**
   * Resolves when every record has its result and its offset is committed. Rejects with
   * `FellBehindError`.
   */
  finish(): Promise<void>;
}

export class FellBehindError extends Error {
  override readonly name = 'FellBehindError';
}

export interface LivePaces {
  readonly rate: number;
  readonly burst: number;
  readonly lingerMs: number;
  readonly compression: 'none' | 'gzip';
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Measured {
  readonly startAtMs: number;
  /** Number of the first record that counts, and how many were sent. */
  readonly first: number;
  readonly sent: number;
  /** By number of the record. */
  readonly latencyMs: Float64Array;
  readonly dueMs: (number: number) => number;
  /**
   * Of the measured time, for each record that was scored in it: a scorer that falls behind scores
   * fewer.
   */
  readonly cpuMicrosPerRecord: number;
  readonly brokerMicrosPerRecord: number;
  readonly load: LoadReport;
  /** What was seen from outside while it ran. */
  readonly happenings: readonly Happening[];
}

/** CPU times so far of both processes, in microseconds. */
interface CpuTimes {
  readonly atMs: number;
  readonly scorer: number;
  readonly broker: number;
}

/** From the agreement on a time until then: the load source has to start. */
const AHEAD_MS = 4_000;

/** Number of the first record that counts, and how many are sent. */
export function countOf({ rate, burst, warmUpMs, measuredMs }: LivePaces): {
  readonly first: number;
  readonly sent: number;
} {
  const schedule = new Schedule(rate, burst);
  return { first: schedule.countBefore(warmUpMs), sent: schedule.countBefore(warmUpMs + measuredMs) };
}

export async function measureLive(
  bench: Bench,
  job: Job,
  one: Case,
  paces: LivePaces,
  scorer: RunningScorer,
): Promise<Measured> {
  const { rate, burst, lingerMs, compression, warmUpMs, measuredMs } = paces;
  const schedule = new Schedule(rate, burst);
  const { first, sent } = countOf(paces);
  const startAtMs = Date.now() + AHEAD_MS;
  const loading = bench.load(job, one, {
    count: sent,
    recordsPerSecond: rate,
    live: { lingerMs, burst, startAtMs, compression },
  });
  const cpuAt = async (afterMs: number): Promise<CpuTimes> => {
    await sleep(startAtMs + afterMs - Date.now());
    return { atMs: Date.now(), scorer: cpuMicrosOf(scorer.pid), broker: cpuMicrosOf(brokerPid) };
  };
  const { brokerPid } = bench.log;
  const endWatch = watch(scorer.pid, brokerPid);
  loading.catch(() => {});
  const measure = async (): Promise<{ begin: CpuTimes; end: CpuTimes; load: LoadReport }> => {
    const begin = await cpuAt(warmUpMs);
    const end = await cpuAt(warmUpMs + measuredMs);
    const load = await loading;
    await scorer.finish();
    return { begin, end, load };
  };
  const { begin, end, load } = await Promise.race([measure(), scorer.failed]).finally(endWatch);
  const happenings = [...endWatch(), ...lateIn(load, startAtMs), ...bench.log.brokerPauses()];
  const latencyMs = new Float64Array(sent).fill(Number.NaN);
  let scored = 0;
  const dueMs = (number: number): number => Math.floor(startAtMs + schedule.dueMs(number));
  await audit(bench.log, {
    job,
    sent,
    scored: sent,
    format: one.format,
    model: one.model,
    onResult: (number, timestampMs) => {
      latencyMs[number] = timestampMs - dueMs(number);
      if (timestampMs >= begin.atMs && timestampMs < end.atMs) scored++;
    },
  });
  return {
    startAtMs,
    first,
    sent,
    latencyMs,
    dueMs,
    cpuMicrosPerRecord: scored === 0 ? Number.NaN : (end.scorer - begin.scorer) / scored,
    brokerMicrosPerRecord: scored === 0 ? Number.NaN : (end.broker - begin.broker) / scored,
    load,
    happenings,
  };
}

const LATE_MS_MIN = 3;

const lateIn = ({ lateMs = [] }: LoadReport, startAtMs: number): Happening[] =>
  lateMs.flatMap((ms, index): Happening[] => {
    const untilMs = startAtMs + (index + 1) * LATE_EVERY_MS;
    return ms < LATE_MS_MIN
      ? []
      : [
          {
            what: 'load source: sent late by',
            ms,
            isLateness: true,
            fromMs: untilMs - LATE_EVERY_MS - ms,
            untilMs,
          },
        ];
  });

/** The value that so large a share of the sorted values does not exceed. */
export const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
