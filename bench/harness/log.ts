// What a scenario needs of the log under test: jobs of topics, a load source, daemons, and a way to
// read what came out. On Kafka the load source and the daemons are processes of their own; on the
// embedded log all share this process.

import type { Report } from '../../src/daemon/reporting.ts';
import type { Source } from '../../src/log/ports.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import type { LoadPlan, LoadReport } from '../load/open-loop.ts';
import type { Happening } from './tail.ts';

/** Topics of one measurement. */
export interface Job {
  readonly input: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly partitions: number;
}

export interface TimedReport extends Report {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export interface TimedLine {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly msg: string;
}

export interface JobOptions {
  /** Bytes that a partition keeps; all unless given. */
  readonly retainedBytes?: number;
  /** The broker stamps each result with when it was appended. */
  readonly appendTimes?: boolean;
}

/** Jobs of one process, by their names when they are stopped. */
export type RunningJobs = RunningProcess<Readonly<Record<string, Summary>>>;
export type RunningDaemon = RunningProcess<Summary>;

export interface RunningProcess<Stopped> {
  readonly pid: number;
  /** Its reports so far, one a `telemetry.reportEvery`. */
  readonly reports: readonly TimedReport[];
  /** The other lines of its log so far. */
  readonly said: readonly TimedLine[];
  /** How many lanes it has now, of all its jobs. */
  lanes(): number;
  /** Rejects when the daemon ended by itself, with what it said. */
  readonly failed: Promise<never>;
  /** Rejects when it did not end in order. */
  stop(): Promise<Stopped>;
}

export interface PartitionEnds {
  readonly logStart: number;
  readonly logEnd: number;
}

export interface BenchLog {
  readonly kind: 'kafka' | 'memory';
  /** For reports. */
  readonly description: string;
  /**
   * A broker that was just started: its own code is not compiled yet, and the first measurement
   * would show that.
   */
  readonly isCold: boolean;
  /** The brokers; empty for the embedded log. */
  readonly address: string;
  /** The broker's process, if it is the bench's own and does nothing else. */
  readonly brokerPid: number | null;
  /** What stopped that broker so far. */
  brokerPauses(): readonly Happening[];
  createJob(partitions: number, options?: JobOptions): Promise<Job>;
  deleteJob(job: Job): Promise<void>;
  /** Sends the plan, with a pause whenever the signal says so. */
  load(plan: LoadPlan, signal?: AbortSignal): Promise<LoadReport>;
  /**
   * Starts a daemon with a configuration file and settings over it, which name the job's topics
   * already. `collectionsFile`: where each of its long garbage collections is written down; only a
   * process of its own does that.
   */
  startDaemon(file: string, settings: readonly string[], collectionsFile?: string): Promise<RunningDaemon>;
  /** The same with a file that has jobs. */
  startJobs(file: string, settings: readonly string[]): Promise<RunningJobs>;
  /** A reader of its own group, from the start of the log. */
  openSource(topic: string, group: string): Source;
  ends(topic: string): Promise<readonly PartitionEnds[]>;
  /** Committed offset of each partition of the input; 0 where there is none. */
  committed(job: Job): Promise<readonly number[]>;
  /** How many partitions the members of the group have now; 0 while they are being given out. */
  assigned(job: Job): Promise<number>;
  stop(): Promise<void>;
}
