// Loads the configuration: defaults < file < environment < flags, each value with where it came from. Every problem is
// named at once, with the file, the key, what was found and what was expected.

import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';
import { LineCounter, parse, parseDocument, YAMLParseError } from 'yaml';
import { type Leaf, leafByKey, leaves } from './leaves.ts';
import { type Config, schema } from './schema.ts';

/** Wrong configuration. Exit code 78. */
export class ConfigError extends Error {
  readonly code = 'SCORELANE_CONFIG';
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface LoadedConfig {
  readonly config: Config;
  /** For each key that is not a default, where its value comes from. */
  readonly origins: ReadonlyMap<string, string>;
}

interface Given {
  readonly value: unknown;
  readonly origin: string;
}

export interface ConfigSources {
  /** Path of the YAML file. */
  readonly file: string;
  /** `key=value`, each; they win over all else. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Throws `ConfigError`. */
export function loadConfig({ file, flags, environment }: ConfigSources): LoadedConfig {
  const problems: string[] = [];
  const given = new Map<string, Given>();
  const give = (key: string, value: unknown, origin: string): void => {
    if (leafByKey.has(key)) given.set(key, { value, origin });
    else problems.push(`${origin}: there is no key "${key}"${didYouMean(key)}`);
  };
  for (const [key, value] of flatten(readYaml(file), [])) give(key, value, file);
  for (const { key, variable } of leaves) {
    const value = environment[variable];
    if (value !== undefined) give(key, parse(value), variable);
  }
  for (const name of Object.keys(environment)) {
    if (
      name.startsWith('SCORELANE_') &&
      !OTHER_VARIABLES.has(name) &&
      !leaves.some(({ variable }) => variable === name)
    ) {
      problems.push(
        `${name}: there is no such key${didYouMean(
          name,
          leaves.map(({ variable }) => variable),
        )}`,
      );
    }
  }
  for (const flag of flags) {
    const at = flag.indexOf('=');
    if (at < 0) problems.push(`--set ${flag}: expected key=value`);
    else give(flag.slice(0, at), parse(flag.slice(at + 1)), '--set');
  }
  const result = schema.safeParse(nest(given));
  for (const { path, message } of result.error?.issues ?? []) {
    const key = path.join('.');
    const found = given.get(key);
    const origin = found?.origin ?? file;
    const shown = found === undefined ? '' : `, found ${JSON.stringify(found.value)}`;
    problems.push(`${origin}: ${key}: ${found === undefined ? 'is required' : message}${shown}`);
  }
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return { config: result.data, origins: new Map([...given].map(([key, { origin }]) => [key, origin])) };
}

/** Variables of the same prefix that are not keys: they concern the tests. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['SCORELANE_RUNS']);

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${(error as Error).message}`]);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const error = document.errors[0];
  if (error instanceof YAMLParseError) throw new ConfigError([`${file}: ${error.message}`]);
  const value: unknown = document.toJS();
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw new ConfigError([`${file}: expected a map of keys`]);
  }
  return value ?? {};
}

/** Lists the leaves of a nested value. What the schema has as a leaf is not descended into. */
function flatten(value: unknown, path: readonly string[]): [string, unknown][] {
  const key = path.join('.');
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!isMap || (path.length > 0 && leafByKey.has(key))) return [[key, value]];
  return Object.entries(value as object).flatMap(([name, inner]) => flatten(inner, [...path, name]));
}

/** Builds the nested value that the schema parses, with every section there so that defaults apply. */
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

const HINT_DISTANCE_MAX = 6;

function didYouMean(key: string, among: readonly string[] = leaves.map((leaf: Leaf) => leaf.key)): string {
  const near = closest(key, among);
  return distance(key, near) <= HINT_DISTANCE_MAX ? `; did you mean "${near}"?` : '';
}
