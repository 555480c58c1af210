// The configuration as it is in effect, one line a key, with where each value comes from. Secrets are masked.

import { leaves } from './leaves.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './schema.ts';
import { isSecret, shown } from './secrets.ts';

export function printEffective({ config, origins }: LoadedConfig): string[] {
  return leaves.flatMap((leaf) => {
    const { key, path } = leaf;
    let value: unknown = config;
    for (const name of path) value = (value as Record<string, unknown>)[name];
    if (value === undefined) return [];
    return [`${key} = ${shown(leaf, value)}  (${origins.get(key) ?? 'default'})`];
  });
}

/** The configuration as it may be written into a report. */
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
