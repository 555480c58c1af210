// `scorelane score`: scores the records of a file or a pipe with the configured model, through the
// worker threads of the daemon, without Kafka. Results and dead letters go to files.

import { resolve } from 'node:path';
import { Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import { NO_TOPICS, SettingError } from '../config/load.ts';
import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { modelFolder } from '../daemon/configured-model.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import { type FilePool, startFilePool } from '../daemon/file-pool.ts';
import {
  formatOf,
  openRecords,
  RECORD_FORMATS,
  type RecordFile,
  type RecordFormat,
} from '../daemon/record-file.ts';
import { FileScorer } from '../daemon/score-file.ts';
import { OBJECT_FIELDS, timeAt } from '../features/plan.ts';
import { fieldsRead } from '../features/reads.ts';
import { type ModelManifest, readManifest } from '../model/manifest.ts';
import { answerSignals, exitCodeBy, type Signal } from '../signals.ts';
import { createLogger } from '../telemetry/log.ts';
import { unlessAborted } from '../time/bounded.ts';
import { after } from '../time/timer.ts';
import { showBar } from './live.ts';
import {
  collect,
  type JobFlags,
  loadJob,
  type Register,
  separatorArgument,
  withJob,
  withQuiet,
} from './options.ts';
import { type OutFile, openOutFile, refuseSameFile } from './out-file.ts';
import { note } from './say.ts';
import { ScoredLines } from './scored-lines.ts';
import { keepHeapSmall } from './small-heap.ts';

export interface ScoreOptions {
  readonly in: string;
  readonly out: string;
  /** The file for dead letters; without it they are only counted. */
  readonly deadLetters?: string;
  /** By the name of the file unless given. */
  readonly format?: RecordFormat;
  readonly separator?: string;
  readonly text: readonly string[];
  readonly key?: string;
  readonly timestamp?: string;
  readonly quiet: boolean;
}

/** Resolves to the exit code. */
export async function score({ config: given, origins }: LoadedJob, options: ScoreOptions): Promise<number> {
  keepHeapSmall();
  const manifest = readManifest(modelFolder(given));
  const open = opener(given, manifest, options);
  const { in: input, out: output, deadLetters } = options;
  const file = await open();
  for (const written of [output, deadLetters]) if (written !== undefined) refuseSameFile(input, written);
  if (deadLetters !== undefined && resolve(deadLetters) === resolve(output))
    throw new CannotWriteError(`--dead-letters: expected another file than --out, found ${output} again`);
  const out = openOutFile(output);
  const dead = deadLetters === undefined ? null : openOutFile(deadLetters);
  const told = endingBySignal(given.lanes.stopTimeout);
  const { config, origin } = { config: given, origin: origins.get('output.format') };
  if (origin !== undefined && config.output.format !== 'json')
    note(`output.format is ${config.output.format} (${origin}); a file gets JSON, a result on each line`);
  const lines = new ScoredLines(config.limits.inflatedBytes);
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const isGiven = (key: string): boolean => origins.has(key);
  const starting = startFilePool(config, { logger, signal: told.signal, isGiven });
  const started = await unlessAborted(starting, told.signal).catch((error: unknown) => {
    if (!told.signal.aborted) throw error;
    return null;
  });
  const startedMs = performance.now();
  if (started !== null) await scoreAll(started, { file, open, out, dead, lines, told, options });
  const { results, refusals, skipped } = lines;
  await dead?.end();
  // Of a file that nobody has begun to write, nothing is left.
  if (told.by === undefined || results > 0 || !out.isDraft) await out.end();
  for (const line of refusals.lines(letters)) note(line);
  if (told.by !== undefined) {
    const left = results > 0 ? `has the first ${results} results only` : 'is not written';
    note(`scorelane: ended by ${told.by}: ${nameOf(output)} ${left}`);
    return exitCodeBy(told.by);
  }
  if (!options.quiet && !out.hadEnough && started !== null)
    out.notes.write(
      `${inWords(started, options, { results, skipped, dead: refusals.count, ms: performance.now() - startedMs })}\n`,
    );
  return refusals.count === 0 || out.hadEnough ? EXIT.ok : EXIT.data;
}

/** What the command works with. */
interface Work {
  readonly file: RecordFile;
  readonly open: () => Promise<RecordFile>;
  readonly out: OutFile;
  readonly dead: OutFile | null;
  readonly lines: ScoredLines;
  readonly told: Told;
  readonly options: ScoreOptions;
}

/** Until all is written, or a signal has come, or the reader of the results has had enough. */
async function scoreAll({ pool, config, manifest }: FilePool, work: Work): Promise<void> {
  const { file, open, out, dead, lines, told, options } = work;
  let records = 0;
  const stopBar = showBar(options.quiet, () => ({
    done: records,
    unit: 'records',
    share: file.size === null ? null : file.bytesRead() / file.size,
  }));
  const scorer = new FileScorer({
    pool,
    recordsMax: config.microBatch.records,
    bytesMax: config.microBatch.bytes,
    inFlightMax: config.lanes.inFlight,
    again: file.size === null ? null : open,
    signal: told.signal,
    onStateLost: (why) =>
      note(`the windows of ${manifest.name} are built up again from the beginning of the file: ${why}`),
    write: async (scored) => {
      await out.writeBytes(lines.resultsOf(scored));
      const letters = lines.deadLettersOf(scored);
      await dead?.write(letters);
      records = scored.first + scored.lines.length;
      if (out.hadEnough) told.stop();
    },
  });
  try {
    await scorer.run(file);
  } finally {
    stopBar();
    await pool.stop();
  }
}

const letters = (count: number): string => `${count} dead letter${count === 1 ? '' : 's'}`;

function inWords(
  { manifest, backend }: FilePool,
  { in: input, out, deadLetters }: ScoreOptions,
  { results, skipped, dead, ms }: { results: number; skipped: number; dead: number; ms: number },
): string {
  const seconds = ms / 1000;
  const rate = Math.round((results + dead + skipped) / Math.max(0.001, seconds));
  const passedOver = skipped > 0 ? `, ${skipped} records skipped` : '';
  const to = dead > 0 && deadLetters !== undefined ? ` to ${deadLetters}` : '';
  return (
    `${results} results of ${nameOf(input)} with ${manifest.name} ${manifest.version} on ${backend} to ${nameOf(out)}, ` +
    `${letters(dead)}${to}${passedOver}, in ${seconds.toFixed(1)} s: ${rate} records/s`
  );
}

const NAMES: Readonly<Record<string, string>> = {
  '/dev/stdin': 'standard input',
  '/dev/stdout': 'standard output',
};
const nameOf = (file: string): string => NAMES[file] ?? file;

/** Opens the file of records, as often as it is asked. */
function opener(
  { input, output, limits }: Config,
  { inputs, windows }: ModelManifest,
  { in: file, format = formatOf(file), separator, text, key, timestamp }: ScoreOptions,
): () => Promise<RecordFile> {
  const isKeyed = inputs.some((each) => each.kind === 'window' && each.window.by === undefined);
  if (isKeyed && key === undefined)
    throw new SettingError(
      "--key: expected the field with the record's key, as the model keeps windows by it, found nothing",
    );
  const { time, unit, driftMs } = windows;
  // A time is compared with the record's timestamp only where a drift is declared.
  const read = time === undefined || driftMs === undefined ? null : timeAt(time, unit, OBJECT_FIELDS);
  const timeOf = (record: unknown): number => {
    const found = read?.(record, 0);
    return typeof found === 'number' ? found : 0;
  };
  return () =>
    openRecords(file, {
      format,
      option: '--in',
      separator,
      text,
      key,
      timestamp,
      timeOf: read === null ? null : timeOf,
      fields: fieldsRead(inputs, windows),
      others: [...output.ids, ...Object.keys(input.only)],
      recordBytesMax: limits.recordBytes,
    });
}

interface Told {
  readonly by: Signal | undefined;
  readonly signal: AbortSignal;
  stop(): void;
}

/** The first signal ends the reading; what is in flight is still written. */
function endingBySignal(withinMs: number): Told {
  const stop = new AbortController();
  let by: Signal | undefined;
  answerSignals((name) => {
    by ??= name;
    stop.abort();
    after(withinMs, () => process.exit(EXIT.unfinished), { keepsAlive: false });
  });
  return {
    get by() {
      return by;
    },
    signal: stop.signal,
    stop: () => stop.abort(),
  };
}

type ScoreFlags = JobFlags & ScoreOptions;

export const registerScore: Register = (program, finish) => {
  withQuiet(withJob(program, 'score', 'score the records of a file with the configured model, without Kafka'))
    .requiredOption('--in <file>', 'JSON lines, or CSV with a header line; - for standard input')
    .option('--out <file>', 'where results go, a JSON object a line; - for standard output', '-')
    .option('--dead-letters <file>', 'where records that cannot be scored go, with line and reason')
    .addOption(new Option('--format <format>', 'of --in; by its name unless given').choices(RECORD_FORMATS))
    .option(
      '--separator <character>',
      'between the cells of CSV, or tab; found in the header line',
      separatorArgument,
    )
    .option(
      '--text <column>',
      'a column of CSV that is text, also where it looks like a number; may be given again',
      collect,
      [],
    )
    .option('--key <field>', "the record's key")
    .option('--timestamp <field>', "the record's timestamp: milliseconds since 1970, or ISO 8601")
    .action(async (flags: ScoreFlags) => {
      const [from, to] = [flags.in, flags.out];
      finish(
        await score(loadJob(flags, NO_TOPICS), {
          ...flags,
          in: from === '-' ? '/dev/stdin' : from,
          out: to === '-' ? '/dev/stdout' : to,
        }),
      );
    });
};
