// What the engine is given besides its ports: its limits, and the time.

import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { EngineLimits, TunableLimits } from '../engine/limits.ts';
import type { Clock } from '../engine/ports.ts';
import { after } from '../time/timer.ts';

export const workerCount = ({ scoring }: Config): number =>
  scoring.workers === 'auto' ? Math.max(1, availableParallelism() - 1) : scoring.workers;

/** What is hardly wanted. */
export function adviceOnWorkers(config: Config): string[] {
  const [workers, cores] = [workerCount(config), availableParallelism()];
  if (workers <= cores) return [];
  return [
    `scoring.workers=${workers} is more than the ${cores} cores here: threads wait for each other, and each takes 50 MiB or more`,
  ];
}

/**
 * Tasks with the pool for each worker: one in work, one waiting, so that no worker waits for the
 * main thread.
 */
const TASKS_PER_WORKER = 2;

export function engineLimits(config: Config): EngineLimits {
  const { microBatch, lanes, kafka } = config;
  const tunable = tunableLimits(config);
  return {
    ...tunable,
    microBatch: { ...tunable.microBatch, bytesMax: microBatch.bytes },
    scoringMax: workerCount(config) * TASKS_PER_WORKER,
    budgetBytes: lanes.budget,
    fetchBytesMax: kafka['max.partition.fetch.bytes'],
    producesTogether: kafka['transactional.id'] !== undefined,
  };
}

/** Those that may change while it runs. */
export const tunableLimits = ({ latency, microBatch, lanes, deadLetters }: Config): TunableLimits => ({
  microBatch: { recordsMax: microBatch.records, lingerMs: microBatch.linger },
  latencyTargetMs: latency.target,
  inFlightMax: lanes.inFlight,
  commitIntervalMs: lanes.commitInterval,
  retryMs: lanes.retry,
  retryMsMax: lanes.retryMax,
  stallAfterMs: lanes.stallAfter,
  flood: { share: deadLetters.floodShare, recordsMin: deadLetters.floodRecords },
});

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  setTimer(atMs, callback) {
    return after(Math.max(0, Math.ceil(atMs - performance.now())), callback);
  },
};
