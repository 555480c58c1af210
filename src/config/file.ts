// The configuration file: YAML, read as a list of keys and values with their places, those of the
// top and those of each job.

import { NotTextError, readTextFile } from '../written/file-trouble.ts';
import { placed } from '../written/problem.ts';
import { type Place, plainOf, readYaml, type YamlEntry, YamlError, type YamlNode } from '../written/yaml.ts';
import { isJobName, JOB_NAME_EXPECTED, JOBS, keyOfJob } from './job-keys.ts';
import { leafByKey, leaves } from './leaves.ts';

/** Keys with their values. */
export type FileEntries = readonly (readonly [key: string, entry: YamlEntry])[];

export interface JobInFile {
  readonly name: string;
  readonly place: Place;
  readonly given: FileEntries;
}

export interface FileKeys {
  /** Null if the file cannot be read at all. Then missing keys are not reported too. */
  readonly given: FileEntries | null;
  /** Null where the file has no `jobs`. */
  readonly jobs: readonly JobInFile[] | null;
  readonly problems: readonly string[];
}

/**
 * The keys and values in the file, whether the schema has these keys or not. Throws `NoInputError`.
 */
export function readConfigFile(file: string): FileKeys {
  try {
    return keysOf(file, readYaml(readTextFile(file)));
  } catch (error) {
    if (error instanceof NotTextError) return unreadable(error.message);
    if (!(error instanceof YamlError)) throw error;
    return unreadable(`${placed(file, error.place)}: ${error.message}`);
  }
}

const unreadable = (problem: string): FileKeys => ({ given: null, jobs: null, problems: [problem] });

function keysOf(file: string, written: YamlNode): FileKeys {
  if (written.kind === 'map') {
    const given: [string, YamlEntry][] = [];
    const problems: string[] = [];
    const jobs = written.entries.get(JOBS);
    const entries = new Map([...written.entries].filter(([name]) => name !== JOBS));
    flatten({ ...written, entries }, [], given, (key, place, message) => {
      problems.push(`${placed(file, place)}: ${key}: ${message}`);
    });
    return { given, jobs: jobs === undefined ? null : jobsOf(file, jobs, problems), problems };
  }
  if (plainOf(written) === null) return { given: [], jobs: null, problems: [] };
  const found = written.kind === 'list' ? 'a list' : 'one value';
  return unreadable(`${placed(file, written.place)}: expected keys and values, found ${found}`);
}

/** Reports what is no job, and lists the others. */
function jobsOf(file: string, { keyPlace, value }: YamlEntry, problems: string[]): JobInFile[] {
  const example = `such as ${keyOfJob('fraud', 'model.name')}`;
  if (value.kind !== 'map' || value.entries.size === 0) {
    const isNothing = value.kind === 'map' || plainOf(value) === null;
    const found = isNothing ? 'nothing' : value.kind === 'list' ? 'a list' : 'a value';
    const place = isNothing ? keyPlace : value.place;
    problems.push(
      `${placed(file, place)}: ${JOBS}: expected the name of each job with its keys below it, ${example}, found ${found}`,
    );
    return [];
  }
  return [...value.entries].map(([name, entry]) => {
    const given: [string, YamlEntry][] = [];
    if (!isJobName(name))
      problems.push(`${placed(file, entry.keyPlace)}: ${JOBS}: ${JOB_NAME_EXPECTED}, found another one`);
    else if (entry.value.kind === 'map')
      flatten(entry.value, [], given, (key, place, message) => {
        problems.push(`${placed(file, place)}: ${keyOfJob(name, key)}: ${message}`);
      });
    else if (plainOf(entry.value) !== null)
      problems.push(
        `${placed(file, entry.value.place)}: ${JOBS}.${name}: expected keys of a job, ${example}, ` +
          `found a ${entry.value.kind === 'list' ? 'list' : 'value'}`,
      );
    return { name, place: entry.keyPlace, given };
  });
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
  `expected a section with keys, such as ${exampleOf(section)}, found a value`;

/** A key that must be given, if there is one. */
function exampleOf(section: string): string {
  const inside = leaves.filter(({ key }) => key.startsWith(`${section}.`));
  const required = inside.find(({ type }) => !type.safeParse(undefined).success);
  return (required ?? inside[0])?.key ?? section;
}

/** Lists the keys of a nested value. Below a key of the schema it looks no further. */
function flatten(
  map: Extract<YamlNode, { kind: 'map' }>,
  path: readonly string[],
  given: [string, YamlEntry][],
  report: (key: string, place: Place, message: string) => void,
): void {
  for (const [name, entry] of map.entries) {
    const here = [...path, name];
    const key = here.join('.');
    const { value } = entry;
    const isLeaf = leafByKey.has(key);
    if (!isLeaf && value.kind === 'map' && (value.entries.size > 0 || isSection(key)))
      flatten(value, here, given, report);
    else if (isLeaf || !isSection(key)) given.push([key, entry]);
    else if (plainOf(value) !== null) report(key, value.place, sectionTold(key));
  }
}
