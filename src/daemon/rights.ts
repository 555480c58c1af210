// Whether the broker allows what a command is about to do. Asked before it begins; the answer names
// all missing rights at once.

import { outputsOf } from '../config/outputs.ts';
import type { Config } from '../config/schema.ts';
import { createKafka } from '../kafka/client.ts';
import { GroupInUseError, lacks, RefusedError, refusalOf, unreachable } from '../kafka/refusal.ts';
import { missingRights, rightsToRun, type WantedRight, wordsOf } from '../kafka/rights.ts';
import { intoLog } from './client-lines.ts';
import { keepTrying, type Patience } from './keep-trying.ts';

/**
 * Rejects with `RefusedError`, `GroupInUseError`, and as `keepTrying` does. Nothing is asked of the
 * embedded log.
 */
export async function requireRights(
  config: Config,
  wanted: readonly WantedRight[],
  patience: Patience,
): Promise<void> {
  if (config.log !== 'kafka') return;
  const { kafka } = config;
  const client = createKafka(kafka, intoLog(patience.logger));
  const require = async (): Promise<void> => {
    const missing = await missingRights(client, wanted);
    if (missing.length > 0) throw new RefusedError(lacks(kafka, missing.map(wordsOf)));
  };
  await keepTrying(require, {
    where: `no broker at ${kafka['bootstrap.servers']}`,
    ...patience,
    hopeless: hopelessFor(config, config.input.topic, 'Read'),
    describe: (error) => unreachable(error, kafka),
  });
}

/** Errors that waiting cannot mend, in words that name them. */
export const hopelessFor =
  ({ kafka }: Config, topic: string, operation: 'Read' | 'Write') =>
  (error: unknown): Error | undefined =>
    error instanceof GroupInUseError || error instanceof RefusedError
      ? error
      : refusalOf(error, kafka, { topic, operation });

export const wantedToRun = (config: Config): WantedRight[] =>
  rightsToRun(config.kafka, {
    input: config.input.topic,
    outputs: outputsOf(config).map(({ topic }) => topic),
  });
