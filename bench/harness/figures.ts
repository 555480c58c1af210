// The figures that most scenarios give, from a daemon's summary; and rounds of a case put together.

import type { Summary } from '../../src/telemetry/meter.ts';
import type { Metric, Run } from './result.ts';

export const THROUGHPUT: readonly Metric[] = [
  { name: 'throughput', unit: 'records/s', better: 'higher', digits: 0 },
  { name: 'CPU', unit: 'us/record', better: 'lower', digits: 2 },
  { name: 'main thread', unit: 'us/record', better: 'lower', digits: 2 },
  { name: 'workers', unit: 'us/record', better: 'lower', digits: 2 },
  { name: 'other threads', unit: 'us/record', better: 'lower', digits: 2 },
  { name: 'GC', unit: '% of worker time', better: 'lower', digits: 1 },
  { name: 'main loop', unit: '% busy', better: null, digits: 0 },
  { name: 'RSS', unit: 'MiB', better: 'lower', digits: 0 },
];

export const MIB = 2 ** 20;

/**
 * Figures of THROUGHPUT, by name. V8 and TensorFlow have threads of their own: `other threads` is
 * what no one else used.
 */
export function throughputFigures(summary: Summary): Record<string, number> {
  const { workers, measured, cpuMicrosPerRecord, mainThreadCpuMicrosPerRecord, seconds } = summary;
  const each = (cpuSeconds: number): number => (measured === 0 ? 0 : (cpuSeconds * 1e6) / measured);
  const inWorkers = each(workers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0));
  const gcMs = workers.reduce((sum, worker) => sum + worker.gcMs, 0);
  return {
    throughput: summary.recordsPerSecond,
    CPU: cpuMicrosPerRecord,
    'main thread': mainThreadCpuMicrosPerRecord,
    workers: inWorkers,
    'other threads': Math.max(0, cpuMicrosPerRecord - mainThreadCpuMicrosPerRecord - inWorkers),
    GC: seconds === 0 ? 0 : gcMs / 10 / seconds / Math.max(1, workers.length),
    'main loop': summary.mainThreadUtilisation * 100,
    RSS: summary.peakResidentBytes / MIB,
  };
}

/** Collects rounds of cases, in the order in which the cases came first. */
export class Runs {
  readonly #runs = new Map<string, Map<string, number[]>>();

  add(name: string, figures: Readonly<Record<string, number>>): void {
    let run = this.#runs.get(name);
    if (run === undefined) this.#runs.set(name, (run = new Map()));
    for (const [metric, figure] of Object.entries(figures)) {
      const rounds = run.get(metric);
      if (rounds === undefined) run.set(metric, [figure]);
      else rounds.push(figure);
    }
  }

  get all(): Run[] {
    return [...this.#runs].map(([name, figures]) => ({ name, figures: Object.fromEntries(figures) }));
  }

  /** All rounds of one figure; empty when the case or the figure is not there. */
  figures(name: string, metric: string): readonly number[] {
    return this.#runs.get(name)?.get(metric) ?? [];
  }
}
