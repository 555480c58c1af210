// The figures that most scenarios give, from a daemon's summary; and rounds of a case put together.

import type { Summary } from '../../src/telemetry/meter.ts';
import type { Metric, Run } from './result.ts';

export const THROUGHPUT: readonly Metric[] = [
  {
    name: 'throughput',
    unit: 'records/s',
    better: 'higher',
    digits: 0,
    meaning:
      'records whose results were acknowledged, for each second of the measured time, which begins after telemetry.warmUp',
  },
  {
    name: 'CPU',
    unit: 'us/record',
    better: 'lower',
    digits: 2,
    meaning: 'CPU time of the whole process for each record: what a core is worth',
  },
  {
    name: 'main thread',
    unit: 'us/record',
    better: 'lower',
    digits: 2,
    meaning: 'of that, the thread that fetches, produces and commits',
  },
  {
    name: 'workers',
    unit: 'us/record',
    better: 'lower',
    digits: 2,
    meaning: 'of that, the threads that decode, predict and encode',
  },
  {
    name: 'other threads',
    unit: 'us/record',
    better: 'lower',
    digits: 2,
    meaning: "of that, what is left: the compilers and the garbage collector of V8, TensorFlow's own threads",
  },
  {
    name: 'GC',
    unit: '% of worker time',
    better: 'lower',
    digits: 1,
    meaning: 'garbage collection, as a share of the time of the workers',
  },
  {
    name: 'main loop',
    unit: '% busy',
    better: null,
    digits: 0,
    meaning: 'how busy the main thread was; near 100 % it is the limit, and more instances help',
  },
  {
    name: 'RSS',
    unit: 'MiB',
    better: 'lower',
    digits: 0,
    meaning: 'the most memory that the process had, with the worker threads',
  },
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

/** Less than that says more of the compiler and of the last fetches than of the case. */
const MEASURED_SECONDS_MIN = 2;

/** Collects rounds of cases, in the order in which the cases came first. */
export class Runs {
  readonly #runs = new Map<string, Map<string, number[]>>();
  /** The shortest measured time of each case. */
  readonly #seconds = new Map<string, number>();

  /** `seconds`: for how long the case was measured, if that depends on how fast it is. */
  add(name: string, figures: Readonly<Record<string, number>>, seconds = Number.POSITIVE_INFINITY): void {
    this.#seconds.set(name, Math.min(seconds, this.#seconds.get(name) ?? seconds));
    let run = this.#runs.get(name);
    if (run === undefined) this.#runs.set(name, (run = new Map()));
    for (const [metric, figure] of Object.entries(figures)) {
      const rounds = run.get(metric);
      if (rounds === undefined) run.set(metric, [figure]);
      else rounds.push(figure);
    }
  }

  /** A note for each case that was too short to measure. */
  get tooShort(): string[] {
    return [...this.#seconds]
      .filter(([name]) => this.#isTooShort(name))
      .map(
        ([name, seconds]) =>
          `TOO SHORT TO MEASURE: ${name} was measured for ${seconds.toFixed(1)} s only. Give it more records: --count.`,
      );
  }

  get all(): Run[] {
    return [...this.#runs].map(([name, figures]) => ({
      name,
      figures: Object.fromEntries(figures),
      ...(this.#isTooShort(name) ? { isTooShort: true } : {}),
    }));
  }

  #isTooShort(name: string): boolean {
    return (this.#seconds.get(name) ?? Number.POSITIVE_INFINITY) < MEASURED_SECONDS_MIN;
  }

  /** All rounds of one figure; empty when the case or the figure is not there. */
  figures(name: string, metric: string): readonly number[] {
    return this.#runs.get(name)?.get(metric) ?? [];
  }
}
