// What a loaded configuration is: the jobs of a process, each with a whole configuration of its
// own, and what they have in common.

import type { Contradiction } from './contradiction.ts';
import { isJobKey, keyOfJob } from './job-keys.ts';
import type { Config } from './schema.ts';

/** One job: its model between its input and its outputs. */
export interface LoadedJob {
  /** `default` where the file has no `jobs`. */
  readonly name: string;
  /** Whole: the job's own keys, and those that hold for all jobs. */
  readonly config: Config;
  /** For each key whose value is not the default: where the value comes from. */
  readonly origins: ReadonlyMap<string, string>;
  readonly isGiven: (key: string) => boolean;
  /** The same with the line and the column in the file, for messages. */
  readonly placeOf: (key: string, because?: string) => string;
  /** Whether the job has its own value, not that of all jobs. */
  readonly isOwn: (key: string) => boolean;
}

export interface LoadedConfig {
  /** At least one. */
  readonly jobs: readonly LoadedJob[];
  /** Whether they stand under `jobs`, with names of the user's choice. */
  readonly isNamed: boolean;
  readonly file: string;
  /** What all jobs have in common. Keys of a job differ: ask the job. */
  readonly shared: SharedConfig;
  /** Things that are not wrong, but hardly intended. */
  readonly warnings: readonly string[];
}

/** The sections that no job can have of its own. */
export type SharedConfig = Omit<
  Config,
  'input' | 'output' | 'deadLetters' | 'model' | 'latency' | 'microBatch' | 'generate' | 'kafka'
>;

/**
 * What is wrong with the configurations of jobs, in lines. What is wrong with all of them alike is
 * said once.
 */
export function problemsOfJobs(
  jobs: readonly LoadedJob[],
  examine: (config: Config) => readonly Contradiction[],
): string[] {
  const found = jobs.flatMap((job) => examine(job.config).map((each) => ({ ...each, job })));
  const lines = new Map<string, string>();
  for (const { job, key, because = key, message } of found) {
    const alike = found.filter((other) => other.key === key && other.message === message);
    const isOfJob = isJobKey(key) && (job.isOwn(key) || job.isOwn(because) || alike.length < jobs.length);
    const name = isOfJob ? keyOfJob(job.name, key) : key;
    const line = `${name}: ${message}`;
    if (!lines.has(line)) lines.set(line, `${job.placeOf(key, because)}: ${line}`);
  }
  return [...lines.values()];
}
