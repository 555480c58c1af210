// A steady load for minutes: what grows? The slope of memory over time with its error, tensors,
// latency.

import { median } from '../../src/base/median.ts';
import type { Scenario } from '../harness/bench.ts';
import { MIB, Runs } from '../harness/figures.ts';
import type { TimedReport } from '../harness/log.ts';
import { timePlot } from '../harness/plots.ts';
import type { Goal } from '../harness/result.ts';
import { slopeOf } from '../harness/statistics.ts';

/**
 * Share of the run in which memory may still settle: compiled code, malloc's arenas, buffers that
 * grow to their size. Seen on native: it grows in steps until the sixth minute, and then not at
 * all.
 */
const SETTLING = 0.5;
/** Standard errors within which a slope is none. */
const ERRORS = 3;
/** A partition, on Kafka: some seconds of the load. */
const RETAINED_BYTES = 256 * MIB;

export const soak: Scenario = {
  name: 'soak',
  measures: 'a steady load for minutes: slope of RSS and heap with its error, tensors, latency over time',
  config: 'soak.yaml',
  defaults: {
    minutes: 10,
    rate: 200_000,
    workers: 2,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options, log, say } = bench;
    const runs = new Runs();
    const goals: Goal[] = [];
    const timelines = new Map<string, readonly TimedReport[]>();
    for (const one of bench.cases()) {
      const job = await log.createJob(options.partitions, { retainedBytes: RETAINED_BYTES });
      const { summary, daemon } = await bench.pace(job, one, options.rate, options.minutes * 60);
      await log.deleteJob(job);
      const name = `${one.format} ${one.model} ${one.backend} ${options.rate}/s`;
      const { reports } = daemon;
      const settled = reports.slice(Math.floor(reports.length * SETTLING));
      const minutes = settled.map(({ atMs }) => (atMs - (settled[0]?.atMs ?? 0)) / 60_000);
      const slope = (of: (report: TimedReport) => number) => slopeOf(minutes, settled.map(of));
      const rss = slope(({ residentBytes }) => residentBytes / MIB);
      const heap = slope(({ heapBytes }) => heapBytes / MIB);
      const tensors = summary.workers.map((worker) => worker.tensorsMax - worker.tensors);
      runs.add(name, {
        scored: summary.scored,
        throughput: summary.recordsPerSecond,
        p50: median(settled.map(({ latencyMs }) => latencyMs.endToEnd.p50)),
        p99: median(settled.map(({ latencyMs }) => latencyMs.endToEnd.p99)),
        RSS: summary.peakResidentBytes / MIB,
        'RSS slope': rss.slope,
        'its error': rss.error,
        'heap slope': heap.slope,
        'heap error': heap.error,
        tensors: summary.workers.reduce((sum, worker) => sum + worker.tensors, 0),
      });
      say(
        `${name}: ${summary.scored} scored, RSS slope ${rss.slope.toFixed(3)} +- ${rss.error.toFixed(3)} MiB a minute`,
      );
      timelines.set(name, reports);
      goals.push(
        {
          what: `${name}: RSS does not grow`,
          wanted: `a slope of at most ${ERRORS} standard errors`,
          measured: `${rss.slope.toFixed(3)} MiB a minute, error ${rss.error.toFixed(3)}`,
          isMet: rss.slope <= ERRORS * rss.error,
        },
        {
          what: `${name}: tensors stay`,
          wanted: 'as many at the end as ever',
          measured: tensors.every((each) => each === 0) ? 'as many' : `differ by ${tensors.join(', ')}`,
          isMet: tensors.every((each) => each === 0),
        },
      );
    }
    return {
      metrics: [
        { name: 'scored', unit: 'records', better: null, digits: 0, meaning: 'records with a result' },
        {
          name: 'throughput',
          unit: 'records/s',
          better: null,
          digits: 0,
          meaning: 'records a second, as sent',
        },
        {
          name: 'p50',
          unit: 'ms',
          better: 'lower',
          digits: 1,
          meaning: 'half of the records had their result within this time',
        },
        {
          name: 'p99',
          unit: 'ms',
          better: 'lower',
          digits: 1,
          meaning: '99 of 100 records had their result within this time',
        },
        {
          name: 'RSS',
          unit: 'MiB',
          better: 'lower',
          digits: 0,
          meaning: 'the most memory that the process had',
        },
        {
          name: 'RSS slope',
          unit: 'MiB/min',
          better: 'lower',
          digits: 3,
          meaning: 'how fast the memory of the process grows; less than its error is no growth',
        },
        {
          name: 'its error',
          unit: 'MiB/min',
          better: null,
          digits: 3,
          meaning: 'the standard error of that slope',
        },
        {
          name: 'heap slope',
          unit: 'MiB/min',
          better: 'lower',
          digits: 3,
          meaning: 'how fast the heap of the main thread grows',
        },
        {
          name: 'heap error',
          unit: 'MiB/min',
          better: null,
          digits: 3,
          meaning: 'the standard error of that slope',
        },
        {
          name: 'tensors',
          unit: '',
          better: 'lower',
          digits: 0,
          meaning: 'how many more tensors there were at the end than before: a leak, unless 0',
        },
      ],
      runs: runs.all,
      plots: [
        timePlot('Resident memory', 'MiB', timelines, ({ residentBytes }) => residentBytes / MIB),
        timePlot('Heap of the main thread', 'MiB', timelines, ({ heapBytes }) => heapBytes / MIB),
        timePlot('p99 of each second', 'ms', timelines, ({ latencyMs }) => latencyMs.endToEnd.p99),
        timePlot(
          'Records scored a second',
          'records/s',
          timelines,
          ({ recordsPerSecond }) => recordsPerSecond,
        ),
      ],
      goals,
      notes: [
        `The first ${SETTLING * 100} % of the time is left out of the slopes: memory settles.`,
        ...(log.kind === 'memory'
          ? ['On the embedded log its records are in the same process: RSS says little.']
          : []),
      ],
    };
  },
};
