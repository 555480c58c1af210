// What was given, and where: the keys of the top and those of each job, out of the file, the
// environment and flags. A later source wins over an earlier one, and a job's own key over the top.

import { closest } from 'fastest-levenshtein';
import { nearest } from '../written/nearest.ts';
import { findingsOf, keyInWords, placed, told } from '../written/problem.ts';
import { wanted } from '../written/wanted.ts';
import { find, type Place, plainOf, type YamlEntry, YamlError } from '../written/yaml.ts';
import { type FileEntries, isSection, sectionTold } from './file.ts';
import { isJobKey, JOBS, keyOfJob } from './job-keys.ts';
import { type Leaf, leafByKey, leaves } from './leaves.ts';
import { besideFile } from './paths.ts';
import { renamedKey } from './renamed.ts';
import { SecretSourceError, secretFrom } from './secret-sources.ts';
import { isSecret, shown } from './secrets.ts';
import { valueOfText } from './wanted.ts';

export interface GivenValue {
  readonly value: unknown;
  readonly origin: string;
  /** In the file. */
  readonly entry?: YamlEntry;
}

/** The keys of the top, or those of one job. */
export class GivenKeys {
  /** Null: the top. */
  readonly job: string | null;
  /** Of the job's name in the file. */
  readonly place: Place | undefined;
  readonly values = new Map<string, GivenValue>();
  readonly #problems: string[];
  readonly #environment: NodeJS.ProcessEnv;

  constructor(
    job: string | null,
    place: Place | undefined,
    problems: string[],
    environment: NodeJS.ProcessEnv,
  ) {
    this.#environment = environment;
    this.job = job;
    this.place = place;
    this.#problems = problems;
  }

  /** The key as it is written for this job. */
  readonly named = (key: string): string => (this.job === null ? key : keyOfJob(this.job, key));

  giveEntries(file: string, entries: FileEntries): void {
    for (const [key, entry] of entries)
      this.#give(key, { origin: file, entry }, ({ type }) =>
        besideFile(file, wanted(entry.value, type), type),
      );
  }

  giveText(key: string, text: string, origin: string): void {
    this.#give(key, { origin }, ({ type }) => valueOfText(text, type));
  }

  #give(key: string, { origin, entry }: Omit<GivenValue, 'value'>, valueFor: (leaf: Leaf) => unknown): void {
    const leaf = leafByKey.get(key);
    const source = placed(origin, entry?.keyPlace);
    if (leaf === undefined || (this.job !== null && !isJobKey(key)))
      this.#problems.push(`${source}: ${this.#wrongKey(key, entry)}`);
    else if (entry !== undefined && this.values.has(key))
      this.#problems.push(`${source}: ${this.named(key)}: expected each key once, found this one again`);
    else
      try {
        const given = { value: valueFor(leaf), origin, ...(entry === undefined ? {} : { entry }) };
        this.values.set(key, isSecret(leaf.type) ? this.#secret(key, given) : given);
      } catch (error) {
        if (!(error instanceof YamlError)) throw error;
        this.#problems.push(
          `${origin}: ${this.named(key)}: ${error.message}, at its character ${error.place.column}`,
        );
      }
  }

  /** Where it cannot be had it stays what was written: it was given, and nobody misses it too. */
  #secret(key: string, given: GivenValue): GivenValue {
    const { value, origin, entry } = given;
    try {
      return { ...given, value: secretFrom(value, this.#environment, entry && origin) };
    } catch (error) {
      if (!(error instanceof SecretSourceError)) throw error;
      const where = placed(origin, entry?.value.place);
      this.#problems.push(`${where}: ${this.named(key)}: ${error.message}`);
      return given;
    }
  }

  /** What is wrong with a key that the schema does not have, or that is none of a job. */
  #wrongKey(key: string, entry: YamlEntry | undefined): string {
    if (this.job !== null && leafByKey.has(key))
      return `${this.named(key)}: expected a key of a job, found one that belongs to all jobs; set ${key} at the top`;
    const renamed = renamedKey(key);
    if (renamed !== null) return renamed;
    if (isSection(key)) return `${this.named(key)}: ${sectionTold(key)}`;
    const hint = this.#hintFor(key);
    // A key without a value may be the end of a secret, as in `{sasl.password: s3,cret}`. So the
    // message does not name it.
    if (entry !== undefined && plainOf(entry.value) === null)
      return `expected a key that exists, found another one, without a value${hint}`;
    return `${keyInWords(this.named(key))}: expected a key that exists, found none of this name${hint}`;
  }

  /**
   * The key that may be meant: one of that name in another section, or else one that is spelt
   * nearly so.
   */
  #hintFor(key: string): string {
    const [section = '', ...below] = key.split('.');
    if (this.job === null && below.length > 0 && nearest(section, SECTIONS) === JOBS)
      return `; did you mean "${JOBS}"?`;
    const ofThatName = leaves.filter(({ path }) => `.${key}`.endsWith(`.${path.at(-1)}`));
    const among = ofThatName.map((leaf) => leaf.key);
    const near = among.length > 0 ? closest(key, among) : nearest(key, KEYS);
    if (near === undefined) return '';
    return `; did you mean "${isJobKey(near) ? this.named(near) : near}"?`;
  }

  /** What is wrong with the values themselves. Each is looked at once, however many jobs use it. */
  checkValues(): void {
    for (const leaf of leaves) {
      const found = this.values.get(leaf.key);
      if (found === undefined) continue;
      const { type, key } = leaf;
      for (const finding of findingsOf(type.safeParse(found.value).error)) {
        const value = partOf(found.value, finding.path);
        const place =
          found.entry === undefined ? undefined : find(found.entry.value, finding.path).part.place;
        const message = told(finding, shown(leaf, value), isSecret(type) ? undefined : value);
        const inner = [this.named(key), ...finding.path.map(String)].join('.');
        this.#problems.push(`${placed(found.origin, place)}: ${keyInWords(inner)}: ${message}`);
      }
    }
  }
}

const KEYS: readonly string[] = leaves.map(({ key }) => key);
const SECTIONS: readonly string[] = [...new Set(leaves.map(({ path }) => path[0] as string)), JOBS];

const partOf = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((part, step) => (part as Record<PropertyKey, unknown> | undefined)?.[step], value);
