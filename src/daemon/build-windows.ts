// Builds up the windows of lanes for another version of the model, from the log, while the lanes go
// on: an engine and a thread of its own follow them until they have nearly caught up. What it
// scores is nobody's. Then the states are left as snapshots.

import type { Config } from '../config/schema.ts';
import { Driver } from '../engine/driver.ts';
import { startingAt } from '../log/offset.ts';
import type { CommitOffset, ResultBatch, Sink } from '../log/ports.ts';
import { type HistoryPart, RangeSource } from '../rescoring/range-source.ts';
import type { Logger } from '../telemetry/log.ts';
import { atMost } from '../time/bounded.ts';
import { every } from '../time/timer.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { apartFromJob } from './apart-from-job.ts';
import { engineLimits, systemClock } from './engine-limits.ts';
import { impatient } from './open-log.ts';
import { makePool } from './pools.ts';
import { Topics } from './topics.ts';
import { WorkerThreads } from './worker-threads.ts';

/** Where the lanes of the daemon stand: everything below is answered. */
export interface LanePosition {
  readonly partition: number;
  readonly offset: number;
  /** The partition counts by which its records may have been placed. */
  readonly placedBy?: readonly number[];
}

export interface WindowsToBuild {
  readonly config: Config;
  readonly setup: ScorerSetup;
  /** Where the states go, as snapshots do. */
  readonly folder: string;
  readonly lanes: readonly LanePosition[];
  /** How many partitions the topic has. */
  readonly partitions: number;
}

export interface Building {
  readonly logger: Logger;
  /** Where the lanes stand now. */
  readonly ask: () => Promise<readonly LanePosition[]>;
  /** The share of the records that has been read, up to where the lanes stood at first. */
  readonly onProgress: (share: number) => void;
}

/** The lanes are so near that the daemon reads the rest itself. */
const NEAR_MS = 300;
/** If the records come as fast as they are read here, it never gets near. */
const ROUNDS_MAX = 20;
const PROGRESS_MS = 500;
/** For the thread and the connections, when all is done. */
const CLOSING_MS = 5_000;

/** The only snapshots are the last ones. */
const leaving = (config: Config, folder: string): Config => ({
  ...config,
  lanes: { ...config.lanes, commitInterval: 100 },
  snapshots: { ...config.snapshots, directory: folder, interval: Number.MAX_SAFE_INTEGER },
});

/** Resolves when the states are there. Rejects with what stands in the way. */
export async function buildWindows(
  { config: given, setup, folder, lanes, partitions }: WindowsToBuild,
  { logger, ask, onProgress }: Building,
): Promise<void> {
  const config = leaving(apartFromJob(given), folder);
  const { input, lanes: limits } = config;
  const topics = await Topics.connect(config, impatient(config, logger), 'windows', [input.topic]);
  const threads = new WorkerThreads(config, 1, logger);
  const parts: HistoryPart[] = [];
  // An engine with nothing to score builds nothing up: the last record is scored.
  for (const { partition, offset: until, placedBy } of lanes)
    if (until > 0)
      parts[partition] = { position: until - 1, until, ...(placedBy === undefined ? {} : { placedBy }) };
  const source = new RangeSource(topics.open(input.topic), parts, () => {});
  const count = partitions;
  const pool = makePool(config, {
    ...{ setup, source, logger, hosts: threads.hosts },
    options: {
      counts: {
        now: { input: count, results: count, deadLetters: count },
        ask: async () => true,
      },
      onThreadRetired: (why) => logger.warn(`the thread is replaced: it ${why}`),
    },
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const driver = new Driver({
    source,
    sink: new Nowhere(parts, source),
    scorer: pool,
    counter: { inputHas: () => {}, lacks: async () => false },
    clock: systemClock,
    limits: engineLimits(config),
    revokeTimeoutMs: limits.revokeTimeout,
    observer: {},
    onFatal: failed.reject,
  });
  const endProgress = every(PROGRESS_MS, () => onProgress(source.share));
  try {
    await pool.start();
    driver.start().catch(failed.reject);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const sinceMs = performance.now();
      await Promise.race([source.done, failed.promise]);
      if (performance.now() - sinceMs < NEAR_MS) break;
      for (const { partition, offset } of await ask())
        source.extend({ topic: input.topic, partition }, offset);
    }
    await driver.stop(limits.stopTimeout);
  } finally {
    endProgress();
    await pool.stop();
    // The states are there: a broker that is away now holds up nothing.
    await atMost(CLOSING_MS, Promise.all([threads.stop(), topics.close()]));
  }
}

/** What is scored on the way is answered, and nobody reads it. */
class Nowhere implements Sink {
  readonly #parts: readonly HistoryPart[];
  readonly #source: RangeSource;

  constructor(parts: readonly HistoryPart[], source: RangeSource) {
    this.#parts = parts;
    this.#source = source;
  }

  async start(): Promise<void> {}

  async partitionCount(): Promise<number> {
    return this.#parts.length;
  }

  async produce(batches: readonly ResultBatch[], answered?: CommitOffset): Promise<readonly ResultBatch[]> {
    const part = answered && this.#parts[answered.partition];
    if (part !== undefined) part.position = Math.max(part.position, startingAt(answered?.next ?? 0));
    this.#source.answered();
    return batches;
  }

  async stop(): Promise<void> {}
}
