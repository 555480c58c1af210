// A registry's address may contain a login, as in Confluent's clients:
// `https://user:password@registry`. The login is taken out here, so that the address can be
// printed. And fetch refuses an address with a login.

import type { Config } from './schema.ts';

/**
 * The configuration with an address without login. The new login keys have the same origin as the
 * address.
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

/** Text that is no valid percent-encoding is taken literally. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
