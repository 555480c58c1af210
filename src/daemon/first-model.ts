// A job that starts before any version of its model is here fetches one first.

import type { Config } from '../config/schema.ts';
import { ModelError } from '../model/model-error.ts';
import type { Meter } from '../telemetry/meter.ts';
import { modelFolder } from './configured-model.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { modelSource } from './model-source.ts';

/**
 * The folder of the version that shall serve. Without `model.source`, or with a version that is
 * here, as `modelFolder`; else resolves when one has come. Rejects with what is wrong.
 */
export async function firstModel(config: Config, patience: Patience, meter: Meter): Promise<string> {
  const source = modelSource(config, patience.logger, meter);
  if (source === null) return modelFolder(config);
  try {
    return modelFolder(config);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    patience.logger.info(`a version is fetched before the start: ${error.message}`);
  }
  const fetched = async (): Promise<string> => {
    await source.look();
    try {
      return modelFolder(config);
    } catch (error) {
      const refused = source.besides(new Set()).find(({ state }) => state === 'refused');
      if (!refused?.why) throw error;
      throw new ModelError(`version ${refused.version}: ${refused.why}`, { cause: error });
    }
  };
  try {
    return await keepTrying(fetched, {
      ...patience,
      // A download has a time of its own.
      failAfterMs: patience.failAfterMs === undefined ? undefined : config.model.sourceTimeout,
      where: 'model.source',
    });
  } finally {
    await source.stop();
  }
}
