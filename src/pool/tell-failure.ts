// For work on states that may fail without harm to any record: the failure is logged, and the lane
// goes on.

import type { SnapshotOptions } from './snapshot-schedule.ts';

export const failureTeller =
  ({ onState }: Pick<SnapshotOptions, 'onState'>) =>
  async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      onState?.('warn', `a state could not be written, moved or proven: ${(error as Error).message}`);
    }
  };
