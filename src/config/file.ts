// The configuration file: YAML, read as a list of keys and values. Merge keys (`<<: *other`) are
// followed.

import { readFileSync } from 'node:fs';
import { leafByKey, leaves } from './leaves.ts';
import { wanted, YamlError, YamlValue } from './wanted.ts';

export interface FileKeys {
  /** Null if the file cannot be read at all. Then missing keys are not reported too. */
  readonly given: readonly (readonly [key: string, value: unknown])[] | null;
  readonly problems: readonly string[];
}

/** The keys and values in the file, whether the schema has these keys or not. */
export function readConfigFile(file: string): FileKeys {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { given: null, problems: [`cannot be read: ${(error as Error).message}`] };
  }
  try {
    const { plain, text: asText } = new YamlValue(text);
    if (plain === null || plain === undefined) return { given: [], problems: [] };
    if (!isMap(plain)) return { given: null, problems: ['expected a map of keys'] };
    const given: [string, unknown][] = [];
    const problems: string[] = [];
    flatten(plain, asText, [], given, problems);
    return { given, problems };
  } catch (error) {
    if (error instanceof YamlError) return { given: null, problems: [`is no YAML: ${error.message}`] };
    throw error;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const sections: ReadonlySet<string> = new Set(
  leaves.flatMap(({ path }) => path.slice(1).map((_, index) => path.slice(0, index + 1).join('.'))),
);

/** Lists the keys of a nested value. Below a key of the schema it looks no further. */
function flatten(
  plain: unknown,
  text: unknown,
  path: readonly string[],
  given: [string, unknown][],
  problems: string[],
): void {
  const key = path.join('.');
  const leaf = leafByKey.get(key);
  if (leaf !== undefined) {
    given.push([key, wanted(plain, text, leaf.type)]);
  } else if (isMap(plain)) {
    for (const [name, inner] of Object.entries(plain)) {
      flatten(inner, isMap(text) ? text[name] : undefined, [...path, name], given, problems);
    }
  } else if (!sections.has(key)) {
    given.push([key, plain]);
  } else if (plain !== null) {
    // The message does not repeat the value: it may be a secret in the wrong place.
    problems.push(`${key}: is a section, expected keys below it, such as ${exampleOf(key)}`);
  }
}

const exampleOf = (section: string): string =>
  leaves.find(({ key }) => key.startsWith(`${section}.`))?.key ?? section;
