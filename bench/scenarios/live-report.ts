// What the scenario `live` says of its figures: their meaning, the names of its cases, its plots
// over the rate, and its goals.

import { median } from '../../src/base/median.ts';
import type { Bench, Case } from '../harness/bench.ts';
import type { Runs } from '../harness/figures.ts';
import { atMost, type Goal, type Metric, type Plot, type Series } from '../harness/result.ts';

const metric = (
  name: string,
  unit: string,
  digits: number,
  meaning: string,
  better: Metric['better'] = 'lower',
): Metric => ({
  name,
  unit,
  better,
  digits,
  meaning,
});
export const METRICS: readonly Metric[] = [
  metric('CPU', 'us/record', 1, 'CPU time of the whole process for each record, as the system counts it'),
  metric(
    'broker CPU',
    'us/record',
    1,
    'CPU time of the broker for each record, with what the load source makes it do',
  ),
  metric(
    'p50',
    'ms',
    0,
    'half of the records had their result appended by the broker within this time, from when they were due',
  ),
  metric('p99', 'ms', 0, '99 of 100 records'),
  metric('p99.9', 'ms', 0, '999 of 1,000 records'),
  metric('max', 'ms', 0, 'the slowest record'),
  metric(
    'own p50',
    'ms',
    1,
    "half of the records had their result acknowledged within this time, by the daemon's own measure",
  ),
  metric('own p99', 'ms', 1, "99 of 100, by the daemon's own measure"),
  metric(
    'first p99',
    'ms',
    0,
    '99 of 100 of the records in the warm-up, which begins with the first record after the start',
  ),
  metric('micro-batches', 'a second', 0, 'micro-batches that the daemon scored', null),
  metric(
    'sent late',
    'ms at most',
    1,
    'how late the load source was at worst in the measured time: that is part of the latencies',
    null,
  ),
];

interface Wanted {
  readonly CPU: number;
  readonly p50?: number;
  readonly p99: number;
}
const WANTED: Readonly<Record<number, Wanted>> = {
  2000: { CPU: 60, p50: 8, p99: 15 },
  20000: { CPU: 8, p99: 15 },
  50000: { CPU: 5, p99: 20 },
};

/** Formats and models are named where there are several. */
export function nameOf({ options }: Bench, { format, model }: Case, scorer: string, rate: number): string {
  const words = [
    ...(options.formats.length > 1 ? [format] : []),
    ...(options.models.length > 1 ? [model] : []),
    `${scorer}, ${rate.toLocaleString('en')}/s`,
  ];
  return words.join(' ');
}

/** The name of a run without its rate, and the rate. */
function split(name: string): readonly [string, number] {
  const [, scorer = name, rate = ''] = /^(.*), (\S+)\/s$/.exec(name) ?? [];
  return [scorer, Number(rate.replaceAll(',', ''))];
}

const isOurs = (name: string): boolean => name.includes('scorelane ');

export function overRate(runs: Runs, of: string, unit: string): Plot {
  const byScorer = Map.groupBy(runs.all, ({ name }) => split(name)[0]);
  const series = [...byScorer].map(
    ([name, own]): Series => ({
      name,
      points: own.map((run) => [split(run.name)[1], median(run.figures[of] ?? [])] as const),
    }),
  );
  return { title: `${of} over the rate`, x: 'records a second', y: unit, kind: 'logarithmic', series };
}

export function goalsOf(runs: Runs): Goal[] {
  const goals: Goal[] = [];
  for (const { name, figures } of runs.all) {
    const [scorer, rate] = split(name);
    if (!isOurs(scorer) || !/scorelane \S+$/.test(scorer)) continue;
    const of = (metricName: string): number => median(figures[metricName] ?? []);
    for (const [wanted, limit] of Object.entries(WANTED[rate] ?? {}))
      goals.push(atMost(`${name}: ${wanted}`, limit, of(wanted), wanted === 'CPU' ? 'us' : 'ms'));
    const peers = runs.all.filter((run) => split(run.name)[1] === rate && !isOurs(run.name));
    for (const [wanted, unit] of [
      ['CPU', 'us'],
      ['p99', 'ms'],
    ] as const) {
      const theirs = peers.map((peer) => median(peer.figures[wanted] ?? []));
      const best = Math.min(...theirs.filter(Number.isFinite));
      if (Number.isFinite(best))
        goals.push(atMost(`${name}: ${wanted}, the best peer's`, Number(best.toFixed(1)), of(wanted), unit));
    }
  }
  return goals;
}
