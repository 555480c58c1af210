// A registry's address may carry who logs in, as the Confluent clients allow:
// `https://user:password@registry`. It is taken apart here, so that the address can be printed, and
// because fetch refuses such an address.

import type { Config } from './schema.ts';

/**
 * The configuration with an address that has no login in it. The keys it then has come from where
 * the address came from.
 */
export function withRegistryLogin(
  config: Config,
  origins: Map<string, string>,
): { readonly config: Config; readonly problem: string | null } {
  const { registry } = config;
  if (registry.url === undefined) return { config, problem: null };
  const url = new URL(registry.url);
  if (url.username === '' && url.password === '') return { config, problem: null };
  const origin = origins.get('registry.url') ?? 'default';
  const isTwice = registry.username !== undefined || registry.password !== undefined;
  const [username, password] = [url.username, url.password].map(decoded);
  for (const key of ['registry.username', 'registry.password']) origins.set(key, origin);
  url.username = '';
  url.password = '';
  const problem = isTwice
    ? `${origin}: registry.url: has a login in it, expected none where registry.username or registry.password is set`
    : null;
  return {
    config: { ...config, registry: { ...registry, url: url.href.replace(/\/$/, ''), username, password } },
    problem,
  };
}

/** What is no percent-encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
