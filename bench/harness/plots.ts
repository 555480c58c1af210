// Plots that more than one scenario draws.

import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { STAGES } from '../../src/telemetry/stages.ts';
import type { TimedReport } from './log.ts';
import type { Plot, Run, Series } from './result.ts';

/** Percentiles spaced by their nines, up to one that the number of values supports. */
const PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999];

export function percentileCurve(name: string, histogram: string): Series {
  const decoded = decodeFromCompressedBase64(histogram);
  const highest = 100 * (1 - 1 / Math.max(2, decoded.totalCount));
  return {
    name,
    points: PERCENTILES.filter((percentile) => percentile <= highest).map(
      (percentile) => [percentile, decoded.getValueAtPercentile(percentile) / 1000] as const,
    ),
  };
}

const overTime = (
  name: string,
  reports: readonly TimedReport[],
  of: (report: TimedReport) => number,
): Series => ({
  name,
  points: reports.map(
    (report) => [Math.round((report.atMs - (reports[0]?.atMs ?? 0)) / 100) / 10, of(report)] as const,
  ),
});

/** Where the CPU time of a record goes, a bar for each case. */
export function cpuPlot(cases: readonly (readonly [string, Readonly<Record<string, number>>])[]): Plot {
  const parts = ['main thread', 'workers', 'other threads'];
  return {
    title: 'CPU time of a record, by thread',
    x: '',
    y: 'us',
    kind: 'stacked',
    series: parts.map((part) => ({
      name: part,
      points: cases.map(([name, figures]) => [name, figures[part] ?? 0] as const),
    })),
  };
}

/** The median of each stage, a bar for each case. */
export function stagePlot(cases: readonly (readonly [string, Summary])[]): Plot {
  return {
    title: 'Median latency by stage, of a micro-batch',
    x: '',
    y: 'ms',
    kind: 'stacked',
    series: STAGES.filter((stage) => stage !== 'endToEnd').map((stage) => ({
      name: stage,
      points: cases.map(([name, { latencyMs }]) => [name, latencyMs[stage].p50] as const),
    })),
  };
}

/** The median throughput of each case. `ours`: the cases to set off from the others. */
export const throughputPlot = (runs: readonly Run[], ours?: readonly string[]): Plot => ({
  title: 'Records scored a second',
  x: '',
  y: 'records/s',
  kind: 'bars',
  series: [
    {
      name: 'records/s',
      // What means nothing would only stretch the axis.
      points: runs
        .filter(({ isTooShort }) => isTooShort !== true || runs.every((run) => run.isTooShort === true))
        .map(({ name, figures }) => [name, median(figures.throughput ?? [])] as const),
    },
  ],
  ...(ours === undefined ? {} : { ours }),
});

/** A quantity over the time of each run. */
export const timePlot = (
  title: string,
  y: string,
  runs: ReadonlyMap<string, readonly TimedReport[]>,
  of: (report: TimedReport) => number,
): Plot => ({
  title,
  x: 'seconds',
  y,
  kind: 'line',
  series: [...runs].map(([name, reports]) => overTime(name, reports, of)),
});
