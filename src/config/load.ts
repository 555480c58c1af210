// Loads the configuration: defaults < file < environment < flags. Each value remembers its source.
// All problems are reported together, with the file, the key, the found and the expected value, but
// never with a secret.

import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { nearest } from '../written/nearest.ts';
import { findingsOf, keyInWords, placed, told } from '../written/problem.ts';
import { wanted } from '../written/wanted.ts';
import { find, plainOf, type YamlEntry, YamlError } from '../written/yaml.ts';
import { nearMisses } from './environment.ts';
import { isSection, readConfigFile, sectionTold } from './file.ts';
import { type Leaf, leafByKey, leaves } from './leaves.ts';
import { besideFile } from './paths.ts';
import { withRegistryLogin } from './registry-login.ts';
import { renamedKey, renamedVariables } from './renamed.ts';
import { contradictions } from './rules.ts';
import { type Config, schema } from './schema.ts';
import { isSecret, shown } from './secrets.ts';
import { valueOfText } from './wanted.ts';

/** The configuration is wrong. Exit code 78. */
export class ConfigError extends ScorelaneError {
  readonly code = 'SCORELANE_CONFIG';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** A flag that means nothing. Exit code 64. */
export class SettingError extends ScorelaneError {
  readonly code = 'SCORELANE_USAGE';
}

export interface LoadedConfig {
  readonly config: Config;
  /** For each key whose value is not the default: where the value comes from. */
  readonly origins: ReadonlyMap<string, string>;
  /** The same with the line and the column in the file, for messages. */
  readonly placeOf: (key: string) => string;
  /** Things that are not wrong, but hardly intended. */
  readonly warnings: readonly string[];
}

interface Given {
  readonly value: unknown;
  readonly origin: string;
  /** In the file. */
  readonly entry?: YamlEntry;
}

export interface ConfigSources {
  /** Path of the YAML file. */
  readonly file: string;
  /** Each is `key=value`. They override all other sources. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Values of keys without a default, for a command that does not need them. */
  readonly fallbacks?: Readonly<Record<string, string>>;
}

/** Throws `ConfigError`, `SettingError` and `NoInputError`. */
export function loadConfig({ file, flags, environment, fallbacks = {} }: ConfigSources): LoadedConfig {
  const settings = flags.map(settingIn);
  const read = readConfigFile(file);
  const problems = [...read.problems];
  if (read.given === null) throw new ConfigError(problems);
  const given = new Map<string, Given>();
  const give = (
    key: string,
    { origin, entry }: Omit<Given, 'value'>,
    valueFor: (leaf: Leaf) => unknown,
  ): void => {
    const leaf = leafByKey.get(key);
    if (leaf === undefined) problems.push(`${placed(origin, entry?.keyPlace)}: ${unknownKey(key, entry)}`);
    else if (entry !== undefined && given.has(key))
      problems.push(
        `${placed(origin, entry.keyPlace)}: ${key}: expected each key once, found this one again`,
      );
    else
      try {
        given.set(key, { value: valueFor(leaf), origin, ...(entry === undefined ? {} : { entry }) });
      } catch (error) {
        if (!(error instanceof YamlError)) throw error;
        problems.push(`${origin}: ${key}: ${error.message}, at its character ${error.place.column}`);
      }
  };
  for (const [key, entry] of read.given)
    give(key, { origin: file, entry }, ({ type }) => besideFile(file, wanted(entry.value, type), type));
  problems.push(...renamedVariables(environment));
  for (const { key, variable } of leaves) {
    const text = environment[variable];
    if (text !== undefined) give(key, { origin: variable }, ({ type }) => valueOfText(text, type));
  }
  for (const { key, text } of settings) give(key, { origin: '--set' }, ({ type }) => valueOfText(text, type));
  for (const [key, value] of Object.entries(fallbacks))
    if (!given.has(key)) given.set(key, { value, origin: 'fallback' });
  const result = schema.safeParse(nest(given));
  for (const finding of findingsOf(result.error)) {
    const { path } = finding;
    const leaf = leafAt(path.map(String));
    const found = given.get(leaf.key);
    const inner = path.slice(leaf.path.length);
    const value = partOf(found?.value, inner);
    const place = found?.entry === undefined ? undefined : find(found.entry.value, inner).part.place;
    const message = told(finding, shown(leaf, value), isSecret(leaf.type) ? undefined : value);
    problems.push(`${placed(found?.origin ?? file, place)}: ${keyInWords(path.join('.'))}: ${message}`);
  }
  if (!result.success) throw new ConfigError(problems);
  const origins = new Map([...given].map(([key, { origin }]) => [key, origin]));
  const { config, problem } = withRegistryLogin(withGroup(result.data), origins);
  if (problem !== null) problems.push(problem);
  const placeOf = (key: string, because = key): string => {
    const found = given.get(key) ?? given.get(because);
    return placed(found?.origin ?? 'default', found?.entry?.value.place);
  };
  for (const { key, because, message } of contradictions(config))
    problems.push(`${placeOf(key, because)}: ${key}: ${message}`);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, origins, placeOf, warnings: nearMisses(environment) };
}

function settingIn(flag: string): { readonly key: string; readonly text: string } {
  const equalsAt = flag.indexOf('=');
  if (equalsAt <= 0)
    throw new SettingError(
      `--set: expected key=value, found ${equalsAt < 0 ? `${keyInWords(flag)} without a =` : 'no key'}`,
    );
  return { key: flag.slice(0, equalsAt), text: flag.slice(equalsAt + 1) };
}

/** What is wrong with a key that the schema does not have. */
function unknownKey(key: string, entry: YamlEntry | undefined): string {
  const renamed = renamedKey(key);
  if (renamed !== null) return renamed;
  if (isSection(key)) return sectionTold(key);
  const hint = hintFor(key);
  // A key without a value may be the end of a secret, as in `{sasl.password: s3,cret}`. So the
  // message does not name it.
  if (entry !== undefined && plainOf(entry.value) === null)
    return `expected a key that exists, found another one, without a value${hint}`;
  return `${keyInWords(key)}: expected a key that exists, found none of this name${hint}`;
}

/**
 * The key that may be meant: one of that name in another section, or else one that is spelt nearly
 * so.
 */
function hintFor(key: string): string {
  const ofThatName = leaves.filter(({ path }) => `.${key}`.endsWith(`.${path.at(-1)}`));
  const near =
    ofThatName.length > 0
      ? closest(
          key,
          ofThatName.map((leaf) => leaf.key),
        )
      : nearest(key, KEYS);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

const KEYS: readonly string[] = leaves.map(({ key }) => key);

const partOf = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((part, step) => (part as Record<PropertyKey, unknown> | undefined)?.[step], value);

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
