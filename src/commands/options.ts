// The part of the command line that commands share: the flags of the configuration, and arguments
// that say what they expected.

import { type Command, InvalidArgumentError } from 'commander';
import { wrongFiles } from '../config/files.ts';
import { leafByKey } from '../config/leaves.ts';
import { ConfigError, loadConfig, theJob } from '../config/load.ts';
import { type LoadedConfig, type LoadedJob, problemsOfJobs } from '../config/loaded.ts';
import { createLogger } from '../telemetry/log.ts';
import { amountIn, DURATIONS } from '../written/quantity.ts';
import { timeIn } from '../written/time-text.ts';

/** Adds a command to the program. `finish` takes the exit code of the command that ran. */
export type Register = (program: Command, finish: (exitCode: number) => void) => void;

export interface ConfigFlags {
  readonly config: string;
  readonly set: readonly string[];
  readonly quiet?: boolean;
}

export interface JobFlags extends ConfigFlags {
  readonly job?: string;
}

export const withConfig = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .requiredOption('--config <file>', 'YAML file; every key: config/reference.yaml')
    .option('--set <key=value>', 'override one key; may be given again', collect, []);

/** For a command that works on one job. */
export const withJob = (parent: Command, name: string, description: string): Command =>
  withConfig(parent, name, description).option(
    '--job <name>',
    'the job, where the file has several under jobs',
  );

/** A process has one configuration. */
let inEffect: { readonly placeOf: (key: string) => string } | undefined;

/** Where a key of the configuration was set: a file with line and column, a variable or `--set`. */
export const placeOfKey = (key: string): string | undefined =>
  leafByKey.has(key) ? inEffect?.placeOf(key) : undefined;

export const withQuiet = (command: Command): Command =>
  command.option('--quiet', 'print and log nothing but warnings and errors', false);

export function loadWith(
  { config, set, quiet = false }: ConfigFlags,
  fallbacks: Readonly<Record<string, string>> = {},
): LoadedConfig {
  const given = loadConfig({ file: config, flags: set, environment: process.env, fallbacks });
  const wrong = problemsOfJobs(given.jobs, wrongFiles);
  if (wrong.length > 0) throw new ConfigError(wrong);
  const loaded = quiet ? withoutTalk(given) : given;
  inEffect = loaded.jobs.length === 1 ? loaded.jobs[0] : { placeOf: placeForAll(loaded.jobs) };
  const logger = createLogger(loaded.shared.telemetry.logLevel, loaded.shared.telemetry.logFormat);
  for (const warning of loaded.warnings) logger.warn(warning);
  return loaded;
}

/** The same for a command that works on one job. Throws `SettingError` if it must say which. */
export function loadJob(
  { job, ...flags }: JobFlags,
  fallbacks: Readonly<Record<string, string>> = {},
): LoadedJob {
  const found = theJob(loadWith(flags, fallbacks), job);
  inEffect = found;
  return found;
}

/** Jobs have places of their own; where they differ, the message must say which it means. */
const placeForAll =
  (jobs: readonly LoadedJob[]) =>
  (key: string): string =>
    [...new Set(jobs.map(({ placeOf }) => placeOf(key)))].join(', ');

/** The levels of the log that say more than warnings. */
const TALKATIVE: ReadonlySet<string> = new Set(['trace', 'debug', 'info']);

function withoutTalk(loaded: LoadedConfig): LoadedConfig {
  if (!TALKATIVE.has(loaded.shared.telemetry.logLevel)) return loaded;
  const telemetry = { ...loaded.shared.telemetry, logLevel: 'warn' } as const;
  return {
    ...loaded,
    shared: { ...loaded.shared, telemetry },
    jobs: loaded.jobs.map((job) => ({ ...job, config: { ...job.config, telemetry } })),
  };
}

export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** An argument parser that says what it expected. */
export function argument<T>(parse: (text: string) => T | undefined, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`expected ${expected}`);
    return value;
  };
}

export const durationArgument = argument((text) => {
  const ms = amountIn(DURATIONS, text);
  return Number.isNaN(ms) ? undefined : ms;
}, DURATIONS.such);
export const timeArgument = argument((text) => {
  const ms = timeIn(text);
  return Number.isNaN(ms) ? undefined : ms;
}, 'a time such as 2026-01-31T12:00:00Z');
/** NaN for text that is no decimal number, or one that no double holds. */
const decimalIn = (text: string): number =>
  /^[\d.]+(?:[eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text)) ? Number(text) : Number.NaN;

export const rateArgument = argument((text) => {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const rate = decimalIn(text);
  return rate > 0 ? rate : undefined;
}, 'records a second, or max');
const wholeIn = (text: string): number =>
  /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : Number.NaN;

export const countArgument = argument((text) => {
  const count = wholeIn(text);
  return count > 0 ? count : undefined;
}, 'a whole number above 0');
export const countOrNoneArgument = argument((text) => {
  const count = wholeIn(text);
  return count >= 0 ? count : undefined;
}, 'a whole number');
export const shareArgument = argument((text) => {
  const share = decimalIn(text);
  return share <= 1 ? share : undefined;
}, '0 to 1');

export const separatorArgument = argument((text) => {
  const separator = text === 'tab' || text === '\\t' ? '\t' : text;
  return separator.length === 1 && !'"\r\n'.includes(separator) ? separator : undefined;
}, 'one character, or tab');
export const numberArgument = argument((text) => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}, 'a number');
