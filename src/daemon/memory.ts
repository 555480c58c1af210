// Holds the configuration against the memory that the process may use: makes smaller what nobody
// has set, or refuses with the sum.

import { totalmem } from 'node:os';
import { ConfigError } from '../config/load.ts';
import { memoryLimit } from '../config/memory-limit.ts';
import { fitMemory, leastBytes, type MemoryFacts, memoryLines } from '../config/memory-use.ts';
import type { Config } from '../config/schema.ts';
import type { BackendChoice } from '../model/choose.ts';
import { keepsState, readManifest } from '../model/manifest.ts';
import type { Backend } from '../model/predictor.ts';
import { modelFolder } from './configured-model.ts';
import { workerCount } from './engine-limits.ts';
import type { Patience } from './keep-trying.ts';
import { connectSink, openSink } from './open-log.ts';

/** A job whose configuration is held against the memory, and what its model runs on. */
export interface JobToFit {
  readonly config: Config;
  readonly isGiven: (key: string) => boolean;
  readonly choice: BackendChoice;
}

export interface FittedJobs {
  /** In the order of the jobs. */
  readonly configs: readonly Config[];
  /** The sum, for people. */
  readonly lines: readonly string[];
}

/**
 * The same as `withinMemory`, with the facts found out, for all jobs of a process. They have
 * threads and budget together. Rejects with `ConfigError`, and as `connectSink` does.
 */
export async function fittedAll(jobs: readonly JobToFit[], patience: Patience): Promise<FittedJobs> {
  const [first] = jobs as readonly [JobToFit];
  const { config, isGiven } = first;
  if (limitOf(config) === null) return { configs: jobs.map((job) => job.config), lines: [] };
  const counts = await Promise.all(jobs.map((job) => partitionsOfInput(job.config, patience)));
  // A backend that was tried stays loaded.
  const isNativeLoaded = jobs.some(({ choice }) =>
    choice.reports.some(({ backend, missing }) => backend === 'native' && missing === null),
  );
  const fit = withinMemory(config, isGiven, {
    backend: isNativeLoaded ? 'native' : first.choice.backend,
    // Each has an equal part of the budget, and at least room for its own partitions.
    partitions: jobs.length * Math.max(...counts),
    jobs: jobs.length,
    workers: workerCount(config),
  });
  const hasWindows = jobs.some((job) => keepsState(readManifest(modelFolder(job.config))));
  return {
    configs: jobs.map((job) => withSizesOf(fit.config, job.config)),
    lines: [...fit.lines, ...notCounted(hasWindows)],
  };
}

/** Only of keys that all jobs have together. */
const withSizesOf = ({ scoring, lanes, limits, kafka }: Config, job: Config): Config => ({
  ...job,
  scoring,
  lanes,
  limits,
  kafka: {
    ...job.kafka,
    'fetch.max.bytes': kafka['fetch.max.bytes'],
    'max.partition.fetch.bytes': kafka['max.partition.fetch.bytes'],
  },
});

/** The same for a job alone. */
export async function fitted(
  config: Config,
  isGiven: (key: string) => boolean,
  choice: BackendChoice,
  patience: Patience,
): Promise<ReturnType<typeof withinMemory>> {
  const { configs, lines } = await fittedAll([{ config, isGiven, choice }], patience);
  return { config: configs[0] as Config, lines };
}

/**
 * Memory that has no bound, or cannot be summed over the configuration. It is said, so that nobody
 * takes the sum for everything.
 */
const notCounted = (hasWindows: boolean): string[] => [
  ...(hasWindows
    ? [
        'not in it: the windows, up to windows.keys of the model for each field of keys in each partition (measure them, and leave room)',
      ]
    : []),
  'not in it: what the smaller record batches of one micro-batch inflate to, beside the largest; answers of several brokers at once',
];

/**
 * Called before a backend is loaded, because that takes its memory. A backend that leaves no room
 * is not tried if another may do; if it is the only one that is wanted, it is refused. Throws
 * `ConfigError`.
 */
export function backendsWithin(config: Config, isGiven: (key: string) => boolean): Config {
  withinMachine(config);
  const { backend } = config.model;
  const holds = (tried: Backend): ReturnType<typeof withinMemory> =>
    withinMemory(config, isGiven, { backend: tried, partitions: 1, jobs: 1, workers: workerCount(config) });
  if (backend !== 'auto') {
    holds(backend);
    return config;
  }
  try {
    holds('native');
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const small = smallBackend(config);
    holds(small);
    return { ...config, model: { ...config.model, backend: small } };
  }
}

/** One that takes little memory and has an artefact of the model. */
function smallBackend(config: Config): Backend {
  const { web, onnx } = readManifest(modelFolder(config)).artefacts;
  return web === undefined && onnx !== undefined ? 'onnx' : 'wasm';
}

/** Without a limit the machine is one, at least for the threads. */
function withinMachine(config: Config): void {
  const workers = workerCount(config);
  const whole = totalmem();
  if (config.scoring.memoryLimit === 'none' || leastBytes('wasm', workers) <= whole) return;
  const mib = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  const each = leastBytes('wasm', 1) - leastBytes('wasm', 0);
  const most = Math.floor((whole - leastBytes('wasm', 0)) / each);
  throw new ConfigError([
    `scoring.workers: expected at most ${most}, as each takes ${mib(each)} MiB and this machine has ${mib(whole)} MiB, found ${workers}`,
  ]);
}

async function partitionsOfInput(config: Config, patience: Patience): Promise<number> {
  if (config.log !== 'kafka') return config.memory.partitions;
  const sink = openSink(config, patience.logger);
  try {
    await connectSink(sink, config, patience);
    return await sink.partitionCount(config.input.topic);
  } finally {
    await sink.stop();
  }
}

/**
 * A configuration within the limit, and the words that say how; without a limit the given one.
 * Throws `ConfigError`.
 */
function withinMemory(
  config: Config,
  isGiven: (key: string) => boolean,
  facts: MemoryFacts,
): { readonly config: Config; readonly lines: readonly string[] } {
  const limit = limitOf(config);
  if (limit === null) return { config, lines: [] };
  const fit = fitMemory(config, isGiven, facts, limit.bytes);
  if ('lines' in fit) throw new ConfigError([`${limit.from}: ${fit.lines[0]}`, ...fit.lines.slice(1)]);
  const mib = Math.floor(limit.bytes / 2 ** 20);
  return {
    config: fit.config,
    lines: [`memory: at most ${mib} MiB (${limit.from}), of which may be needed`, ...memoryLines(fit.items)],
  };
}

/** The limit that holds; null without one. */
function limitOf({ scoring }: Config): { readonly bytes: number; readonly from: string } | null {
  const { memoryLimit: wanted } = scoring;
  if (wanted === 'none') return null;
  return wanted === 'auto' ? memoryLimit() : { bytes: wanted, from: 'scoring.memoryLimit' };
}
