// For commands that look at topics: connects, and leaves nothing behind.

import type { Config } from '../config/schema.ts';
import { impatient } from '../daemon/open-log.ts';
import { Topics } from '../daemon/topics.ts';
import { createLogger } from '../telemetry/log.ts';

/**
 * Resolves to what `use` resolves to. `purpose` is the command's name, `read` the topics that it
 * reads: all of the job, unless given. Rejects as `Topics.connect` does.
 */
export async function withTopics<T>(
  config: Config,
  purpose: string,
  use: (topics: Topics) => Promise<T>,
  read?: readonly string[],
): Promise<T> {
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const topics = await Topics.connect(config, impatient(config, logger), purpose, read);
  try {
    return await use(topics);
  } finally {
    await topics.close();
  }
}
