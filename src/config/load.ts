// Loads the configuration: defaults < file < environment < flags, and a job's own keys above all
// that holds for every job. Each value remembers its source. All problems are reported together,
// with the file, the key, the found and the expected value, but never with a secret.

import { ScorelaneError } from '../base/errors.ts';
import { didYouMean } from '../written/nearest.ts';
import { findingsOf, keyInWords, placed, told } from '../written/problem.ts';
import { nearMisses } from './environment.ts';
import { readConfigFile } from './file.ts';
import { GivenKeys } from './given.ts';
import { isJobKey, JOBS, keyOfJob, splitJobKey } from './job-keys.ts';
import { betweenJobs } from './job-rules.ts';
import { leaves } from './leaves.ts';
import { type LoadedConfig, type LoadedJob, problemsOfJobs } from './loaded.ts';
import { Merged } from './merged.ts';
import { renamedVariables } from './renamed.ts';
import { contradictions } from './rules.ts';
import { shown } from './secrets.ts';
import { giveStandard } from './standard-variables.ts';

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

export interface ConfigSources {
  /** Path of the YAML file. */
  readonly file: string;
  /** Each is `key=value`. They override all other sources. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Values of keys without a default, for a command that does not need them. */
  readonly fallbacks?: Readonly<Record<string, string>>;
}

/** What topics are called where none are used. */
export const NO_TOPICS = {
  'input.topic': 'records',
  'output.topic': 'results',
  'deadLetters.topic': 'dead-letters',
};

/** Throws `ConfigError`, `SettingError` and `NoInputError`. */
export function loadConfig({ file, flags, environment, fallbacks = {} }: ConfigSources): LoadedConfig {
  const settings = flags.map(settingIn);
  const read = readConfigFile(file);
  const problems = [...read.problems];
  if (read.given === null) throw new ConfigError(problems);
  const top = new GivenKeys(null, undefined, problems, environment);
  const jobs = (read.jobs ?? []).map(({ name, place }) => new GivenKeys(name, place, problems, environment));
  top.giveEntries(file, read.given);
  for (const [index, { given }] of (read.jobs ?? []).entries()) jobs[index]?.giveEntries(file, given);
  problems.push(...renamedVariables(environment));
  for (const { key, variable } of leaves) {
    const text = environment[variable];
    if (text !== undefined) top.giveText(key, text, variable);
  }
  for (const { key, text } of settings) {
    const ofJob = splitJobKey(key);
    const job = jobs.find((each) => each.job === ofJob?.job);
    if (ofJob === null && key !== JOBS) top.giveText(key, text, '--set');
    else if (ofJob === null || job === undefined)
      problems.push(`--set: ${keyInWords(key)}: ${noSuchJob(ofJob?.job ?? '', jobs)}`);
    else job.giveText(ofJob.key, text, '--set');
  }
  giveStandard(top, environment);
  // Nothing more can be said of a file whose jobs cannot be told from each other.
  if (read.jobs !== null && jobs.length === 0) throw new ConfigError(problems);
  const told = problems.length;
  for (const keys of [top, ...jobs]) keys.checkValues();
  const merged = read.jobs === null ? [new Merged(top, null)] : jobs.map((job) => new Merged(top, job));
  const hasNoLog = top.values.get('log')?.value === 'none';
  for (const each of merged) each.fallBack({ ...(hasNoLog ? NO_TOPICS : {}), ...fallbacks });
  problems.push(...missing(file, merged));
  if (problems.length > told) throw new ConfigError(problems);
  const loaded = merged.map((each) => each.load());
  problems.push(...loaded.flatMap(({ problem }) => (problem === null ? [] : [problem])));
  const all = loaded.map(({ job }) => job);
  const [{ shared }] = loaded as [(typeof loaded)[number]];
  problems.push(...problemsOfJobs(all, contradictions));
  const isOfFallbacks = all.some(({ origins }) => [...origins.values()].includes('fallback'));
  if (!isOfFallbacks)
    for (const { job, key, because, message } of betweenJobs(all)) {
      const name = isJobKey(key) ? keyOfJob(job.name, key) : key;
      problems.push(`${job.placeOf(key, because)}: ${name}: ${message}`);
    }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return {
    jobs: all,
    isNamed: read.jobs !== null,
    file,
    shared,
    warnings: [...nearMisses(environment), ...withoutEffect(top, jobs)],
  };
}

/**
 * The job that a command works on. `name` is needed only where there are several. Throws
 * `SettingError`.
 */
export function theJob({ jobs, isNamed, file }: LoadedConfig, name?: string): LoadedJob {
  const names = jobs.map((job) => job.name);
  const found = jobs.find((job) => job.name === name);
  if (found !== undefined) return found;
  const [only] = jobs;
  if (name === undefined && jobs.length === 1 && only !== undefined) return only;
  if (!isNamed) throw new SettingError(`--job: expected none, as ${file} has no jobs, found "${name}"`);
  const hint = name === undefined ? '' : didYouMean(name, names);
  throw new SettingError(
    `--job: expected one of ${names.join(', ')}, found ${name === undefined ? 'nothing' : `"${name}"`}${hint}`,
  );
}

function settingIn(flag: string): { readonly key: string; readonly text: string } {
  const equalsAt = flag.indexOf('=');
  if (equalsAt <= 0)
    throw new SettingError(
      `--set: expected key=value, found ${equalsAt < 0 ? `${keyInWords(flag)} without a =` : 'no key'}`,
    );
  return { key: flag.slice(0, equalsAt), text: flag.slice(equalsAt + 1) };
}

function noSuchJob(name: string, jobs: readonly GivenKeys[]): string {
  const names = jobs.map(({ job }) => job ?? '');
  if (names.length === 0) return 'expected a key of the top, as the file has no jobs, found one of a job';
  return `expected a key of a job of the file (${names.join(', ')}), found none${didYouMean(name, names)}`;
}

/** A key without a default must be given: at the top, or by each job. */
function missing(file: string, jobs: readonly Merged[]): string[] {
  return leaves.flatMap((leaf) => {
    const [finding] = findingsOf(leaf.type.safeParse(undefined).error);
    if (finding === undefined) return [];
    const without = jobs.filter(({ values }) => !values.has(leaf.key));
    const message = told(finding, shown(leaf, undefined), undefined);
    if (without.length > 0 && without.length === jobs.length) return [`${file}: ${leaf.key}: ${message}`];
    return without.map(({ named, place }) => `${placed(file, place)}: ${named(leaf.key)}: ${message}`);
  });
}

/** Keys that were set for all jobs, while each has its own. */
const withoutEffect = (top: GivenKeys, jobs: readonly GivenKeys[]): string[] =>
  [...top.values].flatMap(([key, { origin, entry }]) => {
    if (jobs.length === 0 || !jobs.every(({ values }) => values.has(key))) return [];
    const own = jobs.map(({ named }) => named(key)).join(', ');
    return [`${placed(origin, entry?.keyPlace)}: ${key} has no effect, as each job has its own: ${own}`];
  });
