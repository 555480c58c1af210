// The configuration of a job as one who scores its records again needs it.

import type { Config } from '../config/schema.ts';

/** What touches the live job is left out: its transactions, its snapshots, its traces. */
export const apartFromJob = (config: Config): Config => ({
  ...config,
  kafka: { ...config.kafka, 'transactional.id': undefined },
  deadLetters: { ...config.deadLetters, floodShare: 1 },
  snapshots: { ...config.snapshots, directory: undefined },
  tracing: { ...config.tracing, endpoint: 'none' },
});
