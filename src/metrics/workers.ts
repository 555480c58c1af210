// The worker threads of the process. Jobs share them, so their metrics have no label `job`.

import type { Registry } from 'prom-client';
import type { DaemonCounts } from '../telemetry/daemon-counts.ts';
import type { Meter } from '../telemetry/meter.ts';
import { type ThreadsUsed, usedByThreads } from '../telemetry/threads.ts';
import { addCounter, addGauge } from './collected.ts';

export function addWorkers(registry: Registry, meters: () => readonly Meter[]): void {
  const used = (): ThreadsUsed => usedByThreads(meters().map(({ threads }) => threads));
  /** A thread is replaced for the job whose task it had, and that job counts it. */
  const replaced = (count: keyof DaemonCounts): number =>
    meters().reduce((sum, { daemon }) => sum + daemon[count], 0);
  addCounter(
    registry,
    {
      name: 'scorelane_worker_restarts_total',
      help: 'Worker threads that were replaced: lost (died, too slow), retired (grown too much).',
      labels: ['reason'],
    },
    () => [
      [replaced('threadsLost'), { reason: 'lost' }],
      [replaced('threadsRetired'), { reason: 'retired' }],
    ],
  );
  addCounter(
    registry,
    { name: 'scorelane_worker_cpu_seconds_total', help: 'CPU time of the worker threads.', labels: [] },
    () => [[used().cpuSeconds, {}]],
  );
  addCounter(
    registry,
    {
      name: 'scorelane_worker_gc_seconds_total',
      help: 'Time that garbage collection stopped worker threads.',
      labels: [],
    },
    () => [[used().gcSeconds, {}]],
  );
  addGauge(
    registry,
    { name: 'scorelane_tensors', help: 'Tensors alive in the worker threads between tasks.', labels: [] },
    () => [[used().tensors, {}]],
  );
}
