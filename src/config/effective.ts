// The configuration as it is in effect, one line a key, with where each value comes from. Secrets are masked.

import { leaves } from './leaves.ts';
import type { LoadedConfig } from './load.ts';
import { SECRETS } from './schema.ts';

export function printEffective({ config, origins }: LoadedConfig): string[] {
  return leaves.flatMap(({ key, path }) => {
    let value: unknown = config;
    for (const name of path) value = (value as Record<string, unknown>)[name];
    if (value === undefined) return [];
    const shown = SECRETS.has(key) ? '********' : JSON.stringify(value);
    return [`${key} = ${shown}  (${origins.get(key) ?? 'default'})`];
  });
}
