// Open loop: latency of each record at fixed rates, from the time it was meant to be sent until its
// result is acknowledged.

import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { STAGES } from '../../src/telemetry/stages.ts';
import type { Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { TimedReport } from '../harness/log.ts';
import { percentileCurve, stagePlot, timePlot } from '../harness/plots.ts';
import { atMost, type Goal, type Metric, type Series } from '../harness/result.ts';

const percentiles = ['p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const;
const within = (share: string): string =>
  `${share} had their result acknowledged within this time, from when they were meant to be sent`;
const MEANINGS: Readonly<Record<(typeof percentiles)[number], string>> = {
  p50: within('half of the records'),
  p90: within('9 of 10 records'),
  p99: within('99 of 100 records'),
  p999: within('999 of 1,000 records'),
  p9999: within('9,999 of 10,000 records'),
  max: 'the slowest record',
};
const metrics: readonly Metric[] = [
  {
    name: 'throughput',
    unit: 'records/s',
    better: null,
    digits: 0,
    meaning: 'records with a result a second: the rate that was asked for, unless the daemon fell behind',
  },
  ...percentiles.map(
    (name): Metric => ({ name, unit: 'ms', better: 'lower', digits: 1, meaning: MEANINGS[name] }),
  ),
  ...STAGES.filter((stage) => stage !== 'endToEnd').map(
    (stage): Metric => ({
      name: `${stage} p50`,
      unit: 'ms',
      better: 'lower',
      digits: 2,
      meaning: `the median time that a micro-batch spends in the stage "${stage}"`,
    }),
  ),
  {
    name: 'CPU',
    unit: 'us/record',
    better: 'lower',
    digits: 2,
    meaning:
      'CPU time of the whole process for each record; high at low rates, where micro-batches are small',
  },
  {
    name: 'sent late',
    unit: 'ms at most',
    better: null,
    digits: 1,
    meaning: 'how late the load source was at worst: that is part of the latencies',
  },
];

/** Milliseconds, on a quiet machine, at these rates a second. */
const WANTED: Readonly<Record<number, Partial<Record<(typeof percentiles)[number], number>>>> = {
  1000: { p99: 12 },
  50000: { p50: 5, p99: 20, p999: 40 },
};

export const latency: Scenario = {
  name: 'latency',
  measures:
    'open loop at fixed rates: end-to-end latency from the intended send time, to p99.99, and by stage',
  config: 'latency.yaml',
  defaults: {
    seconds: 30,
    warmUp: 5,
    rounds: 1,
    workers: 1,
    partitions: 4,
    rates: [1_000, 10_000, 50_000, 100_000],
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options, log, say } = bench;
    const runs = new Runs();
    const curves: Series[] = [];
    const timelines = new Map<string, readonly TimedReport[]>();
    const summaries: [string, Summary][] = [];
    for (let round = 0; round < options.rounds; round++) {
      for (const each of bench.cases()) {
        const one = { ...each, settings: [`telemetry.warmUp=${Math.round(options.warmUp * 1000)}ms`] };
        for (const rate of options.rates) {
          const job = await log.createJob(options.partitions);
          const { summary, load, daemon } = await bench.pace(
            job,
            one,
            rate,
            options.warmUp + options.seconds,
          );
          await log.deleteJob(job);
          const name = `${one.format} ${one.model} ${one.backend} ${rate}/s`;
          const { endToEnd } = summary.latencyMs;
          runs.add(name, {
            throughput: summary.recordsPerSecond,
            ...endToEnd,
            ...Object.fromEntries(STAGES.map((stage) => [`${stage} p50`, summary.latencyMs[stage].p50])),
            CPU: summary.cpuMicrosPerRecord,
            'sent late': load.latestMs,
          });
          say(`${name}: p50 ${endToEnd.p50} ms, p99 ${endToEnd.p99} ms, p99.9 ${endToEnd.p999} ms, audited`);
          if (round > 0) continue;
          curves.push(percentileCurve(`${rate}/s`, summary.histograms.endToEnd));
          timelines.set(`${rate}/s`, daemon.reports);
          summaries.push([`${rate}/s`, summary]);
        }
      }
    }
    const goals = runs.all.flatMap(({ name, figures }): Goal[] => {
      const wanted = Object.entries(WANTED).find(([rate]) => name.endsWith(` ${rate}/s`))?.[1] ?? {};
      return Object.entries(wanted).map(([percentile, ms]) =>
        atMost(`${name}: ${percentile}`, ms, median(figures[percentile] ?? []), 'ms'),
      );
    });
    return {
      metrics,
      runs: runs.all,
      plots: [
        {
          title: 'End-to-end latency by percentile',
          x: 'percentile of records',
          y: 'ms',
          kind: 'percentile',
          series: curves,
        },
        stagePlot(summaries),
        timePlot('p99 of each second', 'ms', timelines, ({ latencyMs }) => latencyMs.endToEnd.p99),
      ],
      goals,
      notes: [
        'A record carries the time at which it was to be sent, in whole milliseconds: latencies are right to 1 ms, and a load ' +
          'source that is late counts against the result (column "sent late").',
        'Tune: a lower linger for the median, fewer workers than cores so that the broker finds one, smaller predictRecords for p99.',
      ],
    };
  },
};
