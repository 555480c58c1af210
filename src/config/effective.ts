// The configuration that is in effect: one line for each key, with the source of its value. Secrets
// are masked.

import { type Leaf, leaves } from './leaves.ts';
import type { LoadedConfig } from './load.ts';
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

function effective({ config, origins }: LoadedConfig): EffectiveValue[] {
  return leaves.flatMap((leaf) => {
    const { key, path } = leaf;
    let value: unknown = config;
    for (const name of path) value = (value as Record<string, unknown>)[name];
    if (value === undefined) return [];
    return [{ key, leaf, value, from: origins.get(key) ?? 'default' }];
  });
}

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
