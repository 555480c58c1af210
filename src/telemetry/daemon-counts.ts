// Counts of what happens to the daemon, not to single records.

import type { Counts } from '../base/counts.ts';

export const DAEMON_COUNTS = {
  microBatches: 'micro-batches that were scored',
  abandonedMicroBatches:
    'micro-batches that were given up when a lane ended or a thread died: scored again, or read again',
  partitionsRemade: 'partitions whose topic was deleted and made again with the same name',
  commitsFailed: 'commits of offsets that failed, and were tried again',
  threadsLost:
    'losses of worker threads: they died, took too long, or failed in a way that nobody thought of',
  threadsRetired: 'worker threads that were replaced because they had grown too much',
  versionsSwitched: 'times that another version of the model took over',
  canariesTakenBack: 'canaries that were taken back because they failed, were slow or scored otherwise',
  sourceFailures: 'times that the server of models did not give its index, or an archive',
  versionsRefused: 'versions of the model that were tried and cannot serve',
} as const;

export type DaemonCounts = Counts<typeof DAEMON_COUNTS>;
