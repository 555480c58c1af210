// What a configuration implies, in words: how much may be in flight, how long a record may wait
// because the daemon chooses to, and what is done again after a kill.

import type { Config } from '../config/schema.ts';
import { durationInWords, sizeInWords } from '../config/units.ts';
import { engineLimits } from './engine-limits.ts';

/** `partitions`: of the input. One sentence each. */
export function implied(config: Config, partitions: number): string[] {
  const { microBatch, inFlightMax, budgetBytes, fetchBytesMax, latencyTargetMs } = engineLimits(config);
  const records = partitions * inFlightMax * microBatch.recordsMax;
  const bytes = Math.max(budgetBytes, partitions * fetchBytesMax);
  const byFetches =
    bytes > budgetBytes ? 'a fetch of kafka.max.partition.fetch.bytes for each partition' : 'lanes.budget';
  const longestMs = microBatch.lingerMs + latencyTargetMs / 2;
  return [
    `at most ${records} records in flight, if this instance has all partitions (${partitions}): ${inFlightMax} micro-batches ` +
      `(lanes.inFlight) of ${microBatch.recordsMax} (microBatch.records) in each, more only where one record batch has more; ` +
      `and ${sizeInWords(bytes)} with what waits (${byFetches})`,
    `while a worker is free a record waits at most ${durationInWords(longestMs)} by choice: microBatch.linger and half of latency.target`,
    ...(config.log !== 'kafka' ? [] : [afterKill(config)]),
  ];
}

const afterKill = ({ lanes, kafka }: Config): string =>
  kafka['transactional.id'] === undefined
    ? `after a kill the answers of about the last ${durationInWords(lanes.commitInterval)} (lanes.commitInterval) ` +
      'and all in flight are written again'
    : 'after a kill no answer is seen twice by those who read committed records (kafka.transactional.id)';
