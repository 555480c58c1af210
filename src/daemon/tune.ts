// Tunes one job on this machine: how long runs may be, at which rate latency is measured, and what
// is tried follows from a first run of the configuration as it is.

import { availableParallelism } from 'node:os';
import { leafByKey } from '../config/leaves.ts';
import { ConfigError } from '../config/load.ts';
import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { type PreparedRecord, PreparedRecords } from '../load/prepared.ts';
import { keepsState, readManifest } from '../model/manifest.ts';
import type { Logger } from '../telemetry/log.ts';
import { coordinatesFor, startOf } from '../tuning/coordinates.ts';
import type { RunFigures } from '../tuning/figures.ts';
import { type SearchResult, search, type TunableSettings } from '../tuning/search.ts';
import { backendFor, modelFolder } from './configured-model.ts';
import { workerCount } from './engine-limits.ts';
import { type MeasuredRun, measureRun } from './measured-run.ts';
import { backendsWithin, fitted } from './memory.ts';
import { impatient } from './open-log.ts';

export interface TuneOptions {
  readonly records: readonly PreparedRecord[];
  /** Where they come from, in words. */
  readonly from: string;
  /** Of the input topic. */
  readonly partitions: number;
  readonly targetMs: number;
  /** Records a second while latency is measured; null: half of what the first run reaches. */
  readonly rate: number | null;
  /** For all runs together. */
  readonly seconds: number;
  /** Whether the key may be changed. */
  readonly isFree: (key: string) => boolean;
  readonly logger: Logger;
  /** It is told how much of the time is used, from 0 to 1. */
  readonly onProgress: (runs: number, share: number) => void;
}

export interface Tuned extends SearchResult {
  readonly rate: number;
  readonly rounds: number;
  readonly runSeconds: number;
  readonly runs: number;
  readonly start: TunableSettings;
}

/** Of an odd number the median is a run. */
const ROUNDS = 3;
const FIRST_RUN_SECONDS = 1.5;
/** In less a run measures little but its own beginning; more adds nothing. */
const RUN_SECONDS_MIN = 0.6;
const RUN_SECONDS_MAX = 10;
/** So many times as long as its parts a run takes: it warms up, and waits for answers. */
const LONGER = 1.3;
/** Of the first run: room for what no broker takes here, and for bursts. */
const RATE_SHARE = 0.5;
/** With more dead letters a run measures how fast records are refused. */
const DEAD_LETTERS_MAX = 0.5;

/** Rejects with what is wrong with the configuration, the model or the records. */
export async function tune(job: LoadedJob, options: TuneOptions): Promise<Tuned> {
  const { records, partitions, targetMs, seconds, logger, isFree, onProgress } = options;
  const untilMs = performance.now() + seconds * 1_000;
  const atTarget = withSettings(job.config, { 'latency.target': targetMs });
  const wanted = backendsWithin(
    { ...atTarget, log: 'memory', memory: { ...atTarget.memory, partitions } },
    job.isGiven,
  );
  const choice = await backendFor(wanted);
  const { config } = await fitted(wanted, job.isGiven, choice, impatient(wanted, logger));
  const prepared = new PreparedRecords(config.input.topic, records);
  let [runs, spentMs] = [0, 0];
  const run = async (
    settings: TunableSettings,
    rate: number | null,
    runSeconds: number,
  ): Promise<MeasuredRun> => {
    const beganMs = performance.now();
    const measured = await measureRun(withSettings(config, settings), {
      records: prepared,
      partitions,
      rate,
      seconds: runSeconds,
      // All that was smaller than its default because of the memory is so by now.
      isGiven: () => true,
      choice: { ...choice, backend: settings['model.backend'] as typeof choice.backend },
      logger,
    });
    spentMs += performance.now() - beganMs;
    runs++;
    onProgress(runs, 1 - (untilMs - performance.now()) / (seconds * 1_000));
    return measured;
  };
  const possible = {
    config,
    workers: workerCount(config),
    cores: availableParallelism(),
    backend: choice.backend,
    backends: choice.reports,
    lanes: keepsState(readManifest(modelFolder(config))) ? partitions : null,
    isFree,
  };
  const start = startOf(possible);
  const coordinates = coordinatesFor(possible);
  const first = await run(start, null, FIRST_RUN_SECONDS);
  refuseDeadLetters(first, options.from);
  const rate = options.rate ?? Math.max(1, Math.round(first.figures.recordsPerSecond * RATE_SHARE));
  const startMs = Math.max(0, spentMs - FIRST_RUN_SECONDS * 1_000);
  const planned = coordinates.reduce((sum, { values }) => sum + (1 + values.length) * ROUNDS, 2 * ROUNDS);
  const runMs = ((untilMs - performance.now()) / planned - startMs) / LONGER;
  const runSeconds = Math.min(RUN_SECONDS_MAX, Math.max(RUN_SECONDS_MIN, runMs / 1_000));
  [runs, spentMs] = [0, 0];
  const found = await search({
    coordinates,
    start,
    targetMs,
    rounds: ROUNDS,
    measure: (settings) => figuresOf(run(settings, rate, runSeconds)),
    hasTime: (more) => {
      const eachMs = runs === 0 ? startMs + runSeconds * 1_000 * LONGER : spentMs / runs;
      return performance.now() + more * eachMs <= untilMs;
    },
  });
  return { ...found, rate, rounds: ROUNDS, runSeconds, runs, start };
}

/** What the memory or the rules of the configuration refuse is no fault of the user's here. */
async function figuresOf(run: Promise<MeasuredRun>): Promise<RunFigures | string> {
  try {
    return (await run).figures;
  } catch (error) {
    if (error instanceof ConfigError) return `cannot be run: ${error.problems[0] ?? error.message}`;
    throw error;
  }
}

function refuseDeadLetters({ answered, deadLetters, deadLetterCodes }: MeasuredRun, from: string): void {
  if (answered === 0)
    throw new ConfigError([
      `${from}: expected records that are scored, found none that was in the first run`,
    ]);
  if (deadLetters / answered <= DEAD_LETTERS_MAX) return;
  const codes = Object.keys(deadLetterCodes).join(', ');
  throw new ConfigError([
    `${from}: expected records that the model can score, found ${deadLetters} dead letters among ${answered} (${codes}); ` +
      'give records of your own by --records, or --generate what the model is for',
  ]);
}

/** The same with other values of these keys. */
function withSettings(config: Config, settings: TunableSettings): Config {
  const copy = structuredClone(config);
  for (const [key, value] of Object.entries(settings)) {
    const path = leafByKey.get(key)?.path ?? [];
    const section = path
      .slice(0, -1)
      .reduce<Record<string, unknown>>(
        (inner, name) => inner[name] as Record<string, unknown>,
        copy as unknown as Record<string, unknown>,
      );
    section[path.at(-1) as string] = value;
  }
  return copy;
}
