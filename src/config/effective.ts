// The configuration that is in effect: one line for each key, with the source of its value. Secrets
// are masked.

import { leaves } from './leaves.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './schema.ts';
import { isSecret, MASK, shown, withoutLogin } from './secrets.ts';

export function printEffective({ config, origins }: LoadedConfig): string[] {
  return leaves.flatMap((leaf) => {
    const { key, path } = leaf;
    let value: unknown = config;
    for (const name of path) value = (value as Record<string, unknown>)[name];
    if (value === undefined) return [];
    return [`${key} = ${shown(leaf, value)}  (${origins.get(key) ?? 'default'})`];
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
