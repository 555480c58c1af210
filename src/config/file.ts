// The configuration file: YAML, read as a list of keys and values with their places.

import { NotTextError, readTextFile } from '../written/file-trouble.ts';
import { placed } from '../written/problem.ts';
import { plainOf, readYaml, type YamlEntry, YamlError, type YamlNode } from '../written/yaml.ts';
import { leafByKey, leaves } from './leaves.ts';

export interface FileKeys {
  /** Null if the file cannot be read at all. Then missing keys are not reported too. */
  readonly given: readonly (readonly [key: string, entry: YamlEntry])[] | null;
  readonly problems: readonly string[];
}

/**
 * The keys and values in the file, whether the schema has these keys or not. Throws `NoInputError`.
 */
export function readConfigFile(file: string): FileKeys {
  try {
    return keysOf(file, readYaml(readTextFile(file)));
  } catch (error) {
    if (error instanceof NotTextError) return { given: null, problems: [error.message] };
    if (!(error instanceof YamlError)) throw error;
    return { given: null, problems: [`${placed(file, error.place)}: ${error.message}`] };
  }
}

function keysOf(file: string, written: YamlNode): FileKeys {
  if (written.kind === 'map') {
    const given: [string, YamlEntry][] = [];
    const problems: string[] = [];
    flatten(file, written, [], given, problems);
    return { given, problems };
  }
  if (plainOf(written) === null) return { given: [], problems: [] };
  const found = written.kind === 'list' ? 'a list' : 'one value';
  return {
    given: null,
    problems: [`${placed(file, written.place)}: expected keys and values, found ${found}`],
  };
}

/** Whether keys stand below it. */
export const isSection = (key: string): boolean => sections.has(key);

const sections: ReadonlySet<string> = new Set(
  leaves.flatMap(({ path }) => path.slice(1).map((_, index) => path.slice(0, index + 1).join('.'))),
);

/**
 * A value where a section is expected. The message does not repeat it: it may be a secret in the
 * wrong place.
 */
export const sectionTold = (section: string): string =>
  `${section}: expected a section with keys, such as ${exampleOf(section)}, found a value`;

/** A key that must be given, if there is one. */
function exampleOf(section: string): string {
  const inside = leaves.filter(({ key }) => key.startsWith(`${section}.`));
  const required = inside.find(({ type }) => !type.safeParse(undefined).success);
  return (required ?? inside[0])?.key ?? section;
}

/** Lists the keys of a nested value. Below a key of the schema it looks no further. */
function flatten(
  file: string,
  map: Extract<YamlNode, { kind: 'map' }>,
  path: readonly string[],
  given: [string, YamlEntry][],
  problems: string[],
): void {
  for (const [name, entry] of map.entries) {
    const here = [...path, name];
    const key = here.join('.');
    const { value } = entry;
    const isLeaf = leafByKey.has(key);
    if (!isLeaf && value.kind === 'map' && (value.entries.size > 0 || isSection(key)))
      flatten(file, value, here, given, problems);
    else if (isLeaf || !isSection(key)) given.push([key, entry]);
    else if (plainOf(value) !== null) problems.push(`${placed(file, value.place)}: ${sectionTold(key)}`);
  }
}
