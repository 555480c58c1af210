// What becomes of all that worker threads tell besides their answers.

import type { AskingOptions } from '../pool/worker-client.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { LivingModel } from './living-model.ts';

export interface Hearing {
  readonly meter: Meter;
  readonly logger: Logger;
  /** None while the job starts. */
  readonly living: () => LivingModel | undefined;
}

export const heardOfThreads = ({
  meter,
  logger,
  living,
}: Hearing): Pick<Required<AskingOptions>, 'onThreadRetired' | 'onUsage' | 'onTrials' | 'onTrialsLost'> => ({
  onThreadRetired: (why) => {
    meter.count('threadsRetired');
    logger.warn(`a worker thread is replaced: it ${why}`);
  },
  onUsage: (usage) => meter.told(usage),
  onTrials: (told) => {
    meter.trials.told(told);
    living()?.judge();
  },
  onTrialsLost: (trials) => living()?.trialsLost(trials),
});
