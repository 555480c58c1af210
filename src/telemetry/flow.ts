// What is counted of a job for Prometheus only, besides the counts and times of its meter.

import type { MicroBatch, Trigger } from '../scoring/micro-batch.ts';
import { Buckets, SECONDS_BOUNDS } from './buckets.ts';

const RECORDS_BOUNDS: readonly number[] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];

/** Events that are none of single records. */
export const FLOW_COUNTS = {
  pauses: 'partitions paused: their lane held enough, or the job was paused',
  rebalances: 'assignments of partitions by the group',
  losses: 'losses of all partitions without a question: the session expired, or the member was fenced',
  stalls: 'times that the group was joined again because lanes showed no sign of life',
  commits: 'commits of offsets that the log confirmed',
} as const;
export type FlowCount = keyof typeof FLOW_COUNTS;

/** A code may come from a library: after so many, the rest is counted as `other`. */
const CODES_MAX = 50;

export class Flow {
  readonly counts: Record<FlowCount, number> = { pauses: 0, rebalances: 0, losses: 0, stalls: 0, commits: 0 };
  readonly microBatches: Record<Trigger, number> = { full: 0, linger: 0, drain: 0 };
  readonly microBatchRecords = new Buckets(RECORDS_BOUNDS);
  /** Of micro-batches of requests, those of rows too. */
  readonly requestRecords = new Buckets(RECORDS_BOUNDS);
  readonly commitSeconds = new Buckets(SECONDS_BOUNDS);
  /** How often a lane could not advance and tried again, by the code of the error. */
  readonly retries = new Map<string, number>();

  opened({ trigger }: MicroBatch, records: number): void {
    this.microBatches[trigger]++;
    this.microBatchRecords.add(records);
  }

  requested(records: number): void {
    if (records > 0) this.requestRecords.add(records);
  }

  retried(code: string): void {
    const name = this.retries.has(code) || this.retries.size < CODES_MAX ? code : 'other';
    this.retries.set(name, (this.retries.get(name) ?? 0) + 1);
  }
}
