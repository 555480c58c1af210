// `scorelane tune`: finds settings for this machine by short runs against a latency target, and
// writes the user's configuration with them and with the reasons.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import { grouped } from '../base/grouped.ts';
import { isJobKey, JOBS } from '../config/job-keys.ts';
import { leafByKey } from '../config/leaves.ts';
import { SettingError, theJob } from '../config/load.ts';
import type { LoadedConfig, LoadedJob } from '../config/loaded.ts';
import { GENERATED, type Generated } from '../config/schema.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import { type Tuned, tune } from '../daemon/tune.ts';
import { createLogger } from '../telemetry/log.ts';
import { type Edit, edited } from '../tuning/edit.ts';
import { moved } from '../tuning/moved.ts';
import { busyInWords, conclusionOf, settingAsWritten, tableOf } from '../tuning/report.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { showBar } from './live.ts';
import { countArgument, type JobFlags, loadWith, type Register, rateArgument, withJob } from './options.ts';
import { note, say } from './say.ts';
import { type RecordsFound, recordsFor } from './tuned-records.ts';

interface TuneFlags extends JobFlags {
  readonly targetMs?: number;
  readonly rate?: number;
  readonly seconds: number;
  readonly records?: string;
  readonly generate?: Generated;
  readonly out?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** In less there is time for nothing but the first key. */
const SECONDS_MIN = 20;

/** Resolves to the exit code. */
async function tuneCommand(flags: TuneFlags): Promise<number> {
  const { out, seconds, json } = flags;
  if (out !== undefined && existsSync(out))
    throw new CannotWriteError(`${out}: expected a name that is free, found a file`);
  if (seconds < SECONDS_MIN)
    throw new SettingError(`--seconds: expected at least ${SECONDS_MIN}, found ${seconds}`);
  if (flags.rate === Number.POSITIVE_INFINITY)
    throw new SettingError('--rate: expected records a second, as latency has no end at any more, found max');
  if (flags.records !== undefined && flags.generate !== undefined)
    throw new SettingError('--records: expected one of --records and --generate, found both');
  // A run that says how it starts would say so some fifty times.
  const loaded = loadWith({ ...flags, quiet: true });
  const job = theJob(loaded, flags.job);
  const { config } = job;
  const targetMs = flags.targetMs ?? config.latency.target;
  if (targetMs === 0)
    throw new SettingError('--target-ms: expected a latency to keep, as latency.target is 0, found none');
  const found = await recordsFor(config, {
    ...(flags.records === undefined ? {} : { file: flags.records }),
    ...(flags.generate === undefined ? {} : { generate: flags.generate }),
  });
  const busy = busyInWords(loadavg()[0] ?? 0, availableParallelism());
  let work = { done: 0, unit: 'runs', share: 0 };
  const stopBar = showBar(flags.quiet, () => work);
  const tuned = await tune(job, {
    ...found,
    targetMs,
    rate: flags.rate ?? null,
    seconds,
    isFree: (key) => isFree(key, job, loaded),
    logger: createLogger(config.telemetry.logLevel, config.telemetry.logFormat),
    onProgress: (runs, share) => {
      work = { done: runs, unit: 'runs', share };
    },
  }).finally(stopBar);
  const about = aboutRuns(tuned, found, targetMs);
  const text = configurationOf(loaded, job, { tuned, targetMs, out, about });
  if (out !== undefined) write(out, text);
  if (json) say(JSON.stringify({ targetMs, from: found.from, busy, ...tuned, configuration: text }, null, 2));
  else {
    // Where the configuration goes to standard output, words about it do not.
    const tell = out === undefined ? note : say;
    for (const line of [about, ...tableOf(tuned), ...conclusionOf(tuned, targetMs)]) tell(line);
    if (busy !== null) tell(busy);
    tell('measured without a broker and a network, in one process: leave headroom (docs/tuning.md)');
    if (out === undefined) process.stdout.write(text);
    else say(`wrote ${out}; next: scorelane check --config ${out}`);
  }
  return EXIT.ok;
}

/** Not where a variable or --set would win over the file, or the user has chosen a backend. */
function isFree(key: string, { config, origins }: LoadedJob, { file }: LoadedConfig): boolean {
  const origin = origins.get(key);
  if (key === 'model.backend')
    return origin === undefined || (origin === file && config.model.backend === 'auto');
  return origin === undefined || origin === file;
}

const aboutRuns = (
  { rate, rounds, runSeconds, runs }: Tuned,
  { from }: RecordsFound,
  targetMs: number,
): string =>
  `${from}; target: p99 of ${targetMs} ms at ${grouped(rate)} records a second; ` +
  `${runs} runs of ${runSeconds.toFixed(1)} s, each setting in ${rounds} of them in turn`;

interface Writing {
  readonly tuned: Tuned;
  readonly targetMs: number;
  readonly out: string | undefined;
  readonly about: string;
}

/** The user's file with the changes and their reasons. */
function configurationOf({ file, isNamed }: LoadedConfig, job: LoadedJob, writing: Writing): string {
  const { tuned, targetMs, out, about } = writing;
  const pathOf = (key: string): readonly string[] => {
    const path = leafByKey.get(key)?.path ?? [];
    return isNamed && isJobKey(key) ? [JOBS, job.name, ...path] : path;
  };
  const edits = tuned.changes.map(
    ({ key, from, to, why }): Edit => ({
      path: pathOf(key),
      value: settingAsWritten(key, to),
      comment: `tune: ${settingAsWritten(key, to)} in place of ${settingAsWritten(key, from)}: ${why}`,
    }),
  );
  if (targetMs !== job.config.latency.target)
    edits.push({
      path: pathOf('latency.target'),
      value: settingAsWritten('latency.target', targetMs),
      comment: 'tune: as --target-ms said',
    });
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'of unknown kind'})`;
  const changed = edits.length === 0 ? 'No key is changed. ' : '';
  const today = new Date().toISOString().slice(0, 10);
  const head =
    `Tuned by scorelane tune on ${today}, ${machine}: ${about}. ` +
    `${changed}Measured without a broker: leave headroom.`;
  return edited(moved(readFileSync(file, 'utf8'), file, out ?? file), edits, head);
}

function write(out: string, text: string): void {
  try {
    writeFileSync(out, text, { flag: 'wx' });
  } catch (error) {
    throw new CannotWriteError(`${out}: ${fileTrouble(error, out, 'write')}`, { cause: error });
  }
}

export const registerTune: Register = (program, finish) => {
  withJob(
    program,
    'tune',
    'find settings for this machine by short runs, and write a configuration with them',
  )
    .option('--target-ms <ms>', 'the latency of 99 of 100 records; else latency.target', countArgument)
    .option(
      '--rate <n>',
      'records a second at which latency is measured; else half of what is reached',
      rateArgument,
    )
    .option('--seconds <n>', 'for all runs together', countArgument, 180)
    .option('--records <file>', 'JSON lines or CSV to run with; else the last records of the topic')
    .addOption(new Option('--generate <what>', 'records to run with, generated').choices(GENERATED))
    .option('--out <file>', 'the configuration to write; else standard output')
    .option('--json', 'one JSON document: all that was tried, and the configuration', false)
    .option('--quiet', 'show no progress', false)
    .action(async (flags: TuneFlags) => {
      finish(await tuneCommand(flags));
    });
};
