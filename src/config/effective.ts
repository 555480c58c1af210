// The configuration that is in effect: one line for each key, with the source of its value. Secrets
// are masked.

import { isJobKey, keyOfJob } from './job-keys.ts';
import { type Leaf, leaves } from './leaves.ts';
import type { LoadedConfig } from './loaded.ts';
import type { Config } from './schema.ts';
import { isSecret, MASK, shown, visible, withoutLogin } from './secrets.ts';

interface EffectiveValue {
  readonly key: string;
  readonly leaf: Leaf;
  readonly value: unknown;
  readonly from: string;
}

export const printEffective = (loaded: LoadedConfig): string[] =>
  effective(loaded).map(({ key, leaf, value, from }) => `${key} = ${shown(leaf, value)}  (${from})`);

/** The same for programs: by key. */
export const effectiveJson = (loaded: LoadedConfig): object =>
  Object.fromEntries(
    effective(loaded).map(({ key, leaf, value, from }) => [key, { value: visible(leaf, value), from }]),
  );

/** What is the same for all jobs is there once. */
const effective = (loaded: LoadedConfig): EffectiveValue[] =>
  leaves.flatMap((leaf) => {
    const { key } = leaf;
    if (!isJobKey(key)) return shownOnce(leaf, loaded);
    const ofJobs = loaded.jobs.map((job) => ({
      key: loaded.isNamed ? keyOfJob(job.name, key) : key,
      leaf,
      value: valueIn(job.config, leaf),
      from: job.origins.get(key) ?? 'default',
      isOwn: job.isOwn(key),
    }));
    const texts = new Set(ofJobs.map(({ value, from }) => JSON.stringify([value, from])));
    if (texts.size === 1 && !ofJobs.some(({ isOwn }) => isOwn)) return shownOnce(leaf, loaded);
    return ofJobs.filter(({ value }) => value !== undefined);
  });

function shownOnce(leaf: Leaf, { jobs, shared }: LoadedConfig): EffectiveValue[] {
  const [job] = jobs;
  const value = valueIn(isJobKey(leaf.key) ? job?.config : shared, leaf);
  if (value === undefined) return [];
  return [{ key: leaf.key, leaf, value, from: job?.origins.get(leaf.key) ?? 'default' }];
}

const valueIn = (config: unknown, { path }: Leaf): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config);

/** A command line for a report: without values of secret keys, and without logins in addresses. */
export const commandLine = (program: string, args: readonly string[]): string =>
  [program, ...args.map(printable)].join(' ');

/** All that follows the key of a secret is masked, however it is written. */
function printable(word: string): string {
  const secret = leaves.find(({ key, type }) => isSecret(type) && word.includes(key));
  if (secret !== undefined) return `${word.slice(0, word.indexOf(secret.key))}${secret.key}=${MASK}`;
  const [, key = '', value = word] = /^((?:--\w+=)?[\w.-]+=)(.*)$/s.exec(word) ?? [];
  return `${key}${withoutLogin(value)}`;
}

/** The configuration for a report: without secrets. */
export function withoutSecrets(config: Config): object {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  for (const { path, type } of leaves) {
    if (!isSecret(type)) continue;
    let section = copy;
    for (const name of path.slice(0, -1)) section = section[name] as Record<string, unknown>;
    delete section[path.at(-1) as string];
  }
  return copy;
}
