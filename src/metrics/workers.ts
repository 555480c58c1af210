// The worker threads of the process. Jobs share them, so their metrics have no label `job`.

import type { Registry } from 'prom-client';
import type { Meter } from '../telemetry/meter.ts';
import { type ThreadsUsed, usedByThreads } from '../telemetry/threads.ts';
import { addCounter, addGauge } from './collected.ts';

export function addWorkers(registry: Registry, meters: () => readonly Meter[]): void {
  const used = (): ThreadsUsed => usedByThreads(meters().map(({ threads }) => threads));
  /** The loss of a thread is told to all jobs, so the one that has run longest knows of most. */
  const lost = (): number => Math.max(0, ...meters().map(({ daemon }) => daemon.threadsLost));
  /** That it has grown too much is told to the job whose task it had. */
  const retired = (): number => meters().reduce((sum, { daemon }) => sum + daemon.threadsRetired, 0);
  addCounter(
    registry,
    {
      name: 'scorelane_worker_restarts_total',
      help: 'Worker threads that were replaced: lost (died, too slow), retired (grown too much).',
      labels: ['reason'],
    },
    () => [
      [lost(), { reason: 'lost' }],
      [retired(), { reason: 'retired' }],
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
