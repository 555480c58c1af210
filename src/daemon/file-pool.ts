// The worker threads for a file of records: the configuration without a log, the model, its backend
// and its pool.

import type { Config } from '../config/schema.ts';
import { explainChoice } from '../model/choose.ts';
import { type ModelManifest, readManifest } from '../model/manifest.ts';
import type { Logger } from '../telemetry/log.ts';
import { backendFor, modelFolder } from './configured-model.ts';
import { workerCount } from './engine-limits.ts';
import { backendsWithin, fitted } from './memory.ts';
import { makePool, type Pool } from './pools.ts';
import { scorerSetup } from './worker-setup.ts';
import { WorkerThreads } from './worker-threads.ts';

export interface FilePoolOptions {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Whether a key was set by somebody. */
  readonly isGiven: (key: string) => boolean;
}

export interface FilePool {
  readonly pool: Pool;
  readonly config: Config;
  readonly manifest: ModelManifest;
  readonly backend: string;
}

/**
 * What a file of records is scored with: one partition, lines of JSON on both sides, and no states
 * of another log.
 */
export const withoutLog = (config: Config): Config => ({
  ...config,
  log: 'memory',
  input: { ...config.input, format: 'json', framing: 'plain', schemas: [] },
  output: { ...config.output, format: 'json', compression: 'none', routes: {} },
  memory: { ...config.memory, partitions: 1 },
  snapshots: { ...config.snapshots, directory: undefined },
});

/** Chooses a backend, and loads the model into every worker. Rejects with what is wrong. */
export async function startFilePool(
  given: Config,
  { logger, signal, isGiven }: FilePoolOptions,
): Promise<FilePool> {
  const wanted = backendsWithin(withoutLog(given), isGiven);
  const folder = modelFolder(wanted);
  const choice = await backendFor(wanted);
  logger.info(`backend ${explainChoice(choice)}`);
  const patience = { logger, signal, failAfterMs: 0 };
  const { config, lines } = await fitted(wanted, isGiven, choice, patience);
  if (lines.length > 0) logger.info({ sum: lines.slice(1).map((line) => line.trim()) }, lines[0]);
  const { backend } = choice;
  const counts = { input: 1, results: 1, deadLetters: 1 };
  const pool = makePool(config, {
    setup: scorerSetup(config, { modelFolder: folder, backend, resultFrame: new Uint8Array(0) }),
    source: { offsetAt: async () => 0 },
    logger,
    hosts: new WorkerThreads(config, workerCount(config), logger).hosts,
    options: {
      counts: { now: counts, ask: async () => true },
      onThreadRetired: (why) => logger.warn(`a worker thread is replaced: it ${why}`),
    },
  });
  await pool.start();
  return { pool, config, manifest: readManifest(folder), backend };
}
