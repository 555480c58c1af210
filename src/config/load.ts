// Loads the configuration: defaults < file < environment < flags. Each value remembers its source.
// All problems are reported together, with the file, the key, the found and the expected value, but
// never with a secret.

import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { nearMisses } from './environment.ts';
import { readConfigFile } from './file.ts';
import { type Leaf, leafByKey, leaves } from './leaves.ts';
import { besideFile } from './paths.ts';
import { withRegistryLogin } from './registry-login.ts';
import { renamedKey, renamedVariables } from './renamed.ts';
import { contradictions } from './rules.ts';
import { type Config, schema } from './schema.ts';
import { shown } from './secrets.ts';
import { valueOfText, YamlError } from './wanted.ts';

/** The configuration is wrong. Exit code 78. */
export class ConfigError extends ScorelaneError {
  readonly code = 'SCORELANE_CONFIG';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface LoadedConfig {
  readonly config: Config;
  /** For each key whose value is not the default: where the value comes from. */
  readonly origins: ReadonlyMap<string, string>;
  /** Things that are not wrong, but hardly intended. */
  readonly warnings: readonly string[];
}

interface Given {
  readonly value: unknown;
  readonly origin: string;
}

export interface ConfigSources {
  /** Path of the YAML file. */
  readonly file: string;
  /** Each is `key=value`. They override all other sources. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Throws `ConfigError`. */
export function loadConfig({ file, flags, environment }: ConfigSources): LoadedConfig {
  const problems: string[] = [];
  const given = new Map<string, Given>();
  const give = (key: string, origin: string, valueFor: (leaf: Leaf) => unknown): void => {
    const leaf = leafByKey.get(key);
    if (leaf === undefined) {
      problems.push(
        `${origin}: ${renamedKey(key) ?? `there is no key "${withoutValue(key)}"${didYouMean(key)}`}`,
      );
      return;
    }
    try {
      given.set(key, { value: valueFor(leaf), origin });
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      problems.push(`${origin}: ${key}: is no YAML: ${error.message}`);
    }
  };
  const read = readConfigFile(file);
  problems.push(...read.problems.map((problem) => `${file}: ${problem}`));
  if (read.given === null) throw new ConfigError(problems);
  for (const [key, value] of read.given) {
    // A key without a value may be the end of a secret, as in `{sasl.password: s3,cret}`. So the
    // message does not name it.
    if (value === null && !leafByKey.has(key) && renamedKey(key) === null)
      problems.push(`${file}: a key without a value does not exist${didYouMean(key)}`);
    else give(key, file, ({ type }) => besideFile(file, value, type));
  }
  problems.push(...renamedVariables(environment));
  for (const { key, variable } of leaves) {
    const text = environment[variable];
    if (text !== undefined) give(key, variable, ({ type }) => valueOfText(text, type));
  }
  for (const flag of flags) {
    const equalsAt = flag.indexOf('=');
    if (equalsAt < 0) problems.push(`--set ${withoutValue(flag)}: expected key=value`);
    else give(flag.slice(0, equalsAt), '--set', ({ type }) => valueOfText(flag.slice(equalsAt + 1), type));
  }
  const result = schema.safeParse(nest(given));
  for (const { path, message } of result.error?.issues ?? []) {
    const leaf = leafAt(path.map(String));
    const found = given.get(leaf.key);
    const reason = found === undefined ? 'is required' : `${message}, found ${shown(leaf, found.value)}`;
    problems.push(`${found?.origin ?? file}: ${path.join('.')}: ${reason}`);
  }
  if (!result.success) throw new ConfigError(problems);
  const origins = new Map([...given].map(([key, { origin }]) => [key, origin]));
  const { config, problem } = withRegistryLogin(withGroup(result.data), origins);
  if (problem !== null) problems.push(problem);
  for (const { key, because = key, message } of contradictions(config)) {
    problems.push(`${origins.get(key) ?? origins.get(because) ?? 'default'}: ${key}: ${message}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, origins, warnings: nearMisses(environment) };
}

/**
 * A job that names no group gets its own. In another job's group it would share commits, and would
 * be given partitions of topics that it does not read.
 */
const withGroup = (parsed: z.output<typeof schema>): Config => ({
  ...parsed,
  kafka: {
    ...parsed.kafka,
    'group.id': parsed.kafka['group.id'] ?? `scorelane-${parsed.model.name}-${parsed.input.topic}`,
  },
});

/** The key that a problem belongs to. The problem may lie deeper, in an element of a list. */
function leafAt(path: readonly string[]): Leaf {
  for (let depth = path.length; depth > 0; depth--) {
    const leaf = leafByKey.get(path.slice(0, depth).join('.'));
    if (leaf !== undefined) return leaf;
  }
  throw new RangeError(`the schema has no key at ${path.join('.')}`);
}

/** Builds the nested value for the schema. Every section is there, so that defaults apply. */
function nest(given: ReadonlyMap<string, Given>): unknown {
  const root: Record<string, unknown> = {};
  for (const { key, path } of leaves) {
    let section = root;
    for (const name of path.slice(0, -1)) section = (section[name] ??= {}) as Record<string, unknown>;
    const found = given.get(key);
    if (found !== undefined) section[path.at(-1) as string] = found.value;
  }
  return root;
}

/**
 * A word that may be a key. It is cut where a value seems to be part of it: `{password:hush}` has
 * no value but a strange key.
 */
const withoutValue = (key: string): string => {
  const name = /^[\w.-]*/.exec(key)?.[0] ?? '';
  return name === key ? key : `${name}…`;
};

const HINT_DISTANCE_MAX = 6;

function didYouMean(key: string, among: readonly string[] = leaves.map((leaf: Leaf) => leaf.key)): string {
  const near = closest(key, among);
  return distance(key, near) <= HINT_DISTANCE_MAX ? `; did you mean "${near}"?` : '';
}
