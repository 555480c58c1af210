// `run --resume-dedupe`: before anything is scored, what stands in the outputs above the committed
// offsets.

import { answeredAbove } from '../audit/answered.ts';
import type { Bitmap } from '../audit/bitmap.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Patience } from './keep-trying.ts';
import { Topics } from './topics.ts';

/** Throws `ConfigError`. */
export function refuseRoutes({ output }: Config): void {
  if (Object.keys(output.routes).length > 0)
    throw new ConfigError([
      'output.routes: expected none with --resume-dedupe, as a record that has its result may lack the one for its route',
    ]);
}

/**
 * By input partition, the records above the committed offset that have an answer. Partitions of
 * which nothing was ever committed have none: their group is new, and what is in the output may be
 * another's. Rejects with `UnavailableError`.
 */
export async function readAnswered(config: Config, patience: Patience): Promise<Bitmap[]> {
  const startedMs = performance.now();
  const topics = await Topics.connect(config, patience, 'resume');
  try {
    const { topic } = config.input;
    const ranges = await topics.ranges(topic);
    const offsets = await topics.groupOffsets(ranges.length);
    const uncommitted = ranges.map(({ from, until }, partition) => {
      const next = offsets.committed[partition] ?? -1;
      return next < 0 ? { from: until, until } : { from: Math.max(from, next), until };
    });
    const answered = await answeredAbove({ ...(await topics.answers(offsets)), uncommitted });
    const records = answered.reduce((sum, bitmap) => sum + bitmap.count, 0);
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    patience.logger.info(
      { records, seconds },
      'these records have an answer already, and are not scored again',
    );
    return answered;
  } finally {
    await topics.close();
  }
}
