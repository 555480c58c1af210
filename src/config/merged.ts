// The keys of the top and those of a job, put together to the configuration of that job.

import { join } from 'node:path';
import { placed } from '../written/problem.ts';
import type { GivenKeys, GivenValue } from './given.ts';
import { ONLY_JOB } from './job-keys.ts';
import { leaves } from './leaves.ts';
import type { LoadedJob, SharedConfig } from './loaded.ts';
import { withRegistryLogin } from './registry-login.ts';
import { type Config, schema } from './schema.ts';

/** The keys of the top and those of a job together. */
export class Merged {
  readonly values: Map<string, GivenValue>;
  readonly place: GivenKeys['place'];
  readonly named: (key: string) => string;
  readonly #job: GivenKeys | null;

  constructor(top: GivenKeys, job: GivenKeys | null) {
    this.values = new Map([...top.values, ...(job?.values ?? [])]);
    this.#job = job;
    this.place = job?.place;
    this.named = (job ?? top).named;
  }

  fallBack(fallbacks: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(fallbacks))
      if (!this.values.has(key)) this.values.set(key, { value, origin: 'fallback' });
  }

  /** By now each value is known to be right. */
  load(): { readonly job: LoadedJob; readonly shared: SharedConfig; readonly problem: string | null } {
    const { values } = this;
    const origins = new Map([...values].map(([key, { origin }]) => [key, origin]));
    const { config, problem } = withRegistryLogin(withGroup(schema.parse(nest(values))), origins);
    const name = this.#job?.job ?? null;
    const job: LoadedJob = {
      name: name ?? ONLY_JOB,
      config: name === null ? config : withOwnSnapshots(config, name),
      origins,
      isGiven: (key) => origins.has(key),
      placeOf: (key, because = key) => {
        const found = values.get(key) ?? values.get(because);
        return placed(found?.origin ?? 'default', found?.entry?.value.place);
      },
      isOwn: (key) => this.#job?.values.has(key) ?? false,
    };
    return { job, shared: config, problem };
  }
}

/**
 * A job that names no group gets its own. In another job's group it would share commits, and would
 * be given partitions of topics that it does not read.
 */
const withGroup = (parsed: ReturnType<typeof schema.parse>): Config => ({
  ...parsed,
  kafka: {
    ...parsed.kafka,
    'group.id': parsed.kafka['group.id'] ?? `scorelane-${parsed.model.name}-${parsed.input.topic}`,
  },
});

/** Builds the nested value for the schema. Every section is there, so that defaults apply. */
function nest(given: ReadonlyMap<string, GivenValue>): unknown {
  const root: Record<string, unknown> = {};
  for (const { key, path } of leaves) {
    let section = root;
    for (const name of path.slice(0, -1)) section = (section[name] ??= {}) as Record<string, unknown>;
    const found = given.get(key);
    if (found !== undefined) section[path.at(-1) as string] = found.value;
  }
  return root;
}

/** Two jobs may read one topic, and the name of a snapshot is that of a partition. */
function withOwnSnapshots(config: Config, job: string): Config {
  const { directory } = config.snapshots;
  if (directory === undefined) return config;
  return { ...config, snapshots: { ...config.snapshots, directory: join(directory, job) } };
}
