// The load source beside a daemon on the embedded log, which nobody else can write to.

import type { Config } from '../config/schema.ts';
import { writingCodec } from '../daemon/configured-model.ts';
import { runLoad, shortfall } from '../load/load-source.ts';
import type { Sink } from '../log/ports.ts';
import type { Logger } from '../telemetry/log.ts';
import { loadFor } from './generated.ts';

/**
 * Writes the input of a job, if the configuration asks for it, until the signal is aborted. Rejects
 * when it cannot.
 */
export async function startLoad(
  config: Config,
  sink: Sink,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const { recordsPerSecond, file } = config.generate;
  if (config.log !== 'memory' || recordsPerSecond === 0) return;
  const what = file === undefined ? 'generated records' : `records of ${file}`;
  logger.info(`sending ${what} into the embedded log, ${recordsPerSecond} a second`);
  const load = {
    sink,
    topic: config.input.topic,
    codec: writingCodec(config),
    records: await loadFor(config),
    recordsPerSecond,
    count: Number.POSITIVE_INFINITY,
    garbage: { share: 0, field: '' },
    batchBytesMax: config.limits.resultBatchBytes,
  };
  const result = await runLoad(load, signal);
  if (result.failure !== undefined) throw result.failure;
  if (file !== undefined && !signal.aborted)
    logger.info(`all ${result.sent} records of ${file} are sent; generate.repeat begins again`);
  const missed = shortfall(recordsPerSecond, result);
  if (missed !== null) logger.warn(`generate.recordsPerSecond: ${missed}`);
}
