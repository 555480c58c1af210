// What a configuration that was read again changes in a process that runs. Some keys can change
// live; all others are named, and wait for a restart. Nothing is done here.

import { isJobKey, keyOfJob } from './job-keys.ts';
import { type Leaf, leaves } from './leaves.ts';
import { ConfigError } from './load.ts';
import { type LoadedConfig, type LoadedJob, problemsOfJobs } from './loaded.ts';
import { contradictions } from './rules.ts';
import type { Config } from './schema.ts';
import { shown } from './secrets.ts';

/**
 * The keys that take effect without a restart. What the memory of the process was added up from is
 * not among them: that sum is made before anything starts.
 */
export const LIVE_KEYS: ReadonlySet<string> = new Set([
  'latency.target',
  'microBatch.records',
  'microBatch.linger',
  'lanes.inFlight',
  'lanes.commitInterval',
  'lanes.stopTimeout',
  'lanes.retry',
  'lanes.retryMax',
  'lanes.stallAfter',
  'deadLetters.floodShare',
  'deadLetters.floodRecords',
  'telemetry.logLevel',
]);

/** A key as it is written, with both values as they may be shown. */
export interface KeyChange {
  readonly key: string;
  readonly old: string;
  readonly new: string;
}

export interface Reload {
  /** What took effect, or will when it is applied. */
  readonly changed: readonly KeyChange[];
  /** What stays as it was when the process was started. */
  readonly needsRestart: readonly KeyChange[];
  /** What holds from now on, by the name of the job. */
  readonly configs: ReadonlyMap<string, Config>;
}

/**
 * `started`: what the process was started with; `configs`: what holds now. Throws `ConfigError` if
 * the new values do not go together with those that stay.
 */
export function reloadOf(
  started: LoadedConfig,
  configs: ReadonlyMap<string, Config>,
  read: LoadedConfig,
): Reload {
  const changed: KeyChange[] = [];
  const needsRestart: KeyChange[] = jobsChanged(started, read);
  const after = new Map<string, Config>();
  const jobs = started.jobs.map((job): LoadedJob => {
    const now = configs.get(job.name) ?? job.config;
    const found = read.jobs.find(({ name }) => name === job.name);
    const config = found === undefined ? now : withLive(now, found.config);
    after.set(job.name, config);
    if (found !== undefined)
      for (const leaf of leaves) {
        const isLive = LIVE_KEYS.has(leaf.key);
        const change = changeOf(started, job.name, leaf, isLive ? now : job.config, found.config);
        if (change !== null) (isLive ? changed : needsRestart).push(change);
      }
    return { ...(found ?? job), config };
  });
  const problems = problemsOfJobs(jobs, contradictions);
  if (problems.length > 0) throw new ConfigError(problems);
  return { changed: onceEach(changed), needsRestart: onceEach(needsRestart), configs: after };
}

/** Jobs that the file has more, or has no more. */
function jobsChanged(started: LoadedConfig, read: LoadedConfig): KeyChange[] {
  const [old, now] = [started, read].map(({ jobs }) => jobs.map(({ name }) => name).join(', ')) as [
    string,
    string,
  ];
  return old === now ? [] : [{ key: 'jobs', old, new: now }];
}

function changeOf(
  { isNamed }: LoadedConfig,
  job: string,
  leaf: Leaf,
  old: Config,
  now: Config,
): KeyChange | null {
  const [before, after] = [valueIn(old, leaf), valueIn(now, leaf)];
  if (JSON.stringify(before) === JSON.stringify(after)) return null;
  const key = isNamed && isJobKey(leaf.key) ? keyOfJob(job, leaf.key) : leaf.key;
  return { key, old: inShort(leaf, before), new: inShort(leaf, after) };
}

const inShort = (leaf: Leaf, value: unknown): string => (value === undefined ? 'none' : shown(leaf, value));

/** A key that all jobs have together is found with each of them. */
const onceEach = (changes: readonly KeyChange[]): KeyChange[] => [
  ...new Map(changes.map((change) => [change.key, change])).values(),
];

const valueIn = (config: Config, { path }: Leaf): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], config);

/** A copy, with the live keys as they were read. */
function withLive(config: Config, read: Config): Config {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  for (const leaf of leaves) {
    if (!LIVE_KEYS.has(leaf.key)) continue;
    let section = copy;
    for (const name of leaf.path.slice(0, -1)) section = section[name] as Record<string, unknown>;
    section[leaf.path.at(-1) as string] = valueIn(read, leaf);
  }
  return copy as unknown as Config;
}
