// What records notice of a model that is swapped: the label `stable` goes forward and back under a
// steady load, first between versions that are loaded, then to versions that are tried and loaded
// first. p99 around these moves against p99 of the same run without them.

import { median } from '../../src/base/median.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import { quantile } from '../harness/live-run.ts';
import { type Goal, type Metric, ratio, type Series } from '../harness/result.ts';
import { momentsOf, slowestOf } from '../harness/tail.ts';
import { LATE_EVERY_MS } from '../load/lingering.ts';
import { type Moved, measureSwaps, type Swapped } from './swap-run.ts';

/** How much slower p99 may be around a move. */
const SLOWER_MAX = 1.5;
/** A window begins when the label moves, and ends so long after all lanes have followed. */
const AFTER_MS = 1_000;
const SLOWEST = 0.001;
const MOMENTS_MAX = 5;

const KINDS = ['instant', 'loading'] as const;
type Kind = (typeof KINDS)[number];

const metric = (name: string, unit: string, better: Metric['better'], meaning: string): Metric => ({
  ...{ name, unit, better, meaning },
  digits: unit === 'times' ? 2 : unit === 'moves' ? 0 : 1,
});
const TO: Readonly<Record<Kind, string>> = {
  instant: 'to a version that is loaded',
  loading: 'to a version that is tried and loaded first',
};
const metricsOf = (kind: Kind): Metric[] => [
  metric(`p99 ${kind}`, 'ms', 'lower', `the same of records that were due around moves ${TO[kind]}`),
  metric(`ratio ${kind}`, 'times', 'lower', 'that over p99 outside, of the same run'),
  metric(
    `paired ${kind}`,
    'times',
    'lower',
    'the median of: p99 around one move over p99 of the time before it',
  ),
  metric(`max ${kind}`, 'ms', 'lower', 'the slowest record around these moves'),
  metric(
    `first ${kind}`,
    'ms',
    'lower',
    'from the move of the label to the first result of the new version; median',
  ),
  metric(`last ${kind}`, 'ms', 'lower', 'the same to when every partition has one; median'),
  metric(
    `switch ${kind}`,
    'ms',
    'lower',
    'from when the daemon says that it serves to when every partition has a result of it; median',
  ),
];

const metrics: readonly Metric[] = [
  metric(
    'p50 outside',
    'ms',
    'lower',
    'half of the records had their result within this time, where nothing moved',
  ),
  metric('p99 outside', 'ms', 'lower', '99 of 100 records, where nothing moved'),
  metric('max outside', 'ms', 'lower', 'the slowest record where nothing moved'),
  ...KINDS.flatMap(metricsOf),
  metric('moves', 'moves', null, 'of each kind; each was seen once in every partition'),
  metric(
    'late outside',
    'ms at most',
    null,
    'how late the load source was where nothing moved: part of the latencies',
  ),
  metric('late around', 'ms at most', null, 'the same around the moves'),
];

const endOf = ({ lastMs }: Moved): number => lastMs + AFTER_MS;

/** Sorted latencies of the records that count and were due in one of these stretches of time. */
function dueIn(
  { latencyMs, dueMs, first }: Swapped,
  stretches: readonly (readonly [fromMs: number, untilMs: number])[],
): Float64Array {
  const found: number[] = [];
  let at = 0;
  for (let number = first; number < latencyMs.length; number++) {
    const due = dueMs(number);
    while (at < stretches.length && due >= (stretches[at] as readonly [number, number])[1]) at++;
    const stretch = stretches[at];
    if (stretch === undefined) break;
    if (due >= stretch[0]) found.push(latencyMs[number] as number);
  }
  return Float64Array.from(found).sort();
}

function figuresOf(swapped: Swapped, warmUpMs: number): Record<string, number> {
  const { moves, load, dueMs } = swapped;
  const startMs = dueMs(0);
  const windows = moves.map((move) => [move.movedMs, endOf(move)] as const);
  /** Before each move, since the one before. */
  const calm = moves.map(
    ({ movedMs }, index) => [windows[index - 1]?.[1] ?? startMs + warmUpMs, movedMs] as const,
  );
  const outside = dueIn(swapped, calm);
  const p99 = quantile(outside, 0.99);
  const figures: Record<string, number> = {
    'p50 outside': quantile(outside, 0.5),
    'p99 outside': p99,
    'max outside': outside.at(-1) ?? Number.NaN,
  };
  for (const kind of KINDS) {
    const places = moves.flatMap((move, index) => (move.kind === kind ? [index] : []));
    const those = places.map((index) => moves[index] as Moved);
    const around = dueIn(
      swapped,
      places.map((index) => windows[index] as readonly [number, number]),
    );
    const each = places.map((index) => {
      const [near, before] = [windows, calm].map((all) =>
        quantile(dueIn(swapped, [all[index] as readonly [number, number]]), 0.99),
      ) as [number, number];
      return near / before;
    });
    figures[`p99 ${kind}`] = quantile(around, 0.99);
    figures[`ratio ${kind}`] = quantile(around, 0.99) / p99;
    figures[`paired ${kind}`] = median(each);
    figures[`max ${kind}`] = around.at(-1) ?? Number.NaN;
    figures[`first ${kind}`] = median(those.map(({ movedMs, firstMs }) => firstMs - movedMs));
    figures[`last ${kind}`] = median(those.map(({ movedMs, lastMs }) => lastMs - movedMs));
    figures[`switch ${kind}`] = median(those.map(({ servedMs, lastMs }) => lastMs - servedMs));
    figures.moves = those.length;
  }
  const isAround = (index: number): boolean => {
    const atMs = startMs + index * LATE_EVERY_MS;
    return windows.some(([fromMs, untilMs]) => atMs >= fromMs && atMs < untilMs);
  };
  const late = (load.lateMs ?? []).map((ms, index) => ({ ms, index })).slice(warmUpMs / LATE_EVERY_MS);
  const latest = (around: boolean): number =>
    Math.max(0, ...late.filter(({ index }) => isAround(index) === around).map(({ ms }) => ms));
  return { ...figures, 'late outside': latest(false), 'late around': latest(true) };
}

/** p99 of each second, from the start of the load. */
function timeline(name: string, { latencyMs, dueMs, sent, first }: Swapped): Series {
  const seconds = Map.groupBy(
    Array.from({ length: sent - first }, (_, index) => first + index),
    (number) => Math.floor((dueMs(number) - dueMs(0)) / 1_000),
  );
  return {
    name,
    points: [...seconds].map(([second, numbers]) => [
      second,
      quantile(Float64Array.from(numbers, (number) => latencyMs[number] as number).sort(), 0.99),
    ]),
  };
}

/** What the slowest records waited for, and in which move. */
function slowest(name: string, { moves, latencyMs, first, dueMs, happenings }: Swapped): string[][] {
  return momentsOf(slowestOf(latencyMs, first, dueMs, SLOWEST), happenings)
    .slice(0, MOMENTS_MAX)
    .map(({ fromMs, records, worstMs, seen }) => {
      const move = moves.find((one) => fromMs >= one.movedMs && fromMs < endOf(one));
      const when = move === undefined ? 'outside' : `${move.kind}, to version ${move.version}`;
      const second = ((fromMs - dueMs(0)) / 1_000).toFixed(2);
      return [name, second, when, String(records), String(worstMs), seen.join('; ') || 'nothing was seen'];
    });
}

function goalsOf(runs: Runs, name: string): Goal[] {
  return KINDS.map((kind): Goal => {
    const slower = median(runs.figures(name, `ratio ${kind}`));
    return {
      what: `${name}: p99 around moves ${TO[kind]}, over p99 outside`,
      wanted: `at most ${ratio(SLOWER_MAX)}`,
      measured: `${slower.toFixed(2)} times`,
      isMet: slower <= SLOWER_MAX,
    };
  });
}

async function measured(bench: Bench, one: Case, name: string) {
  const swapped = await measureSwaps(bench, one);
  const figures = figuresOf(swapped, 1_000 * bench.options.warmUp);
  const told = (kind: Kind): string =>
    `${kind} p99 ${figures[`p99 ${kind}`]} ms (${figures[`ratio ${kind}`]?.toFixed(2)} times), ` +
    `first result after ${figures[`first ${kind}`]} ms`;
  bench.say(
    `${name}: ${swapped.sent} records, p99 outside ${figures['p99 outside']} ms; ${KINDS.map(told).join('; ')}; audited`,
  );
  return { swapped, figures };
}

export const swap: Scenario = {
  name: 'swap',
  measures:
    'the version that serves goes forward and back under load: p99 around the moves against outside of them',
  config: 'swap.yaml',
  warmUpConfig: 'throughput.yaml',
  needsKafka: true,
  defaults: {
    moves: 10,
    seconds: 3,
    warmUp: 10,
    rounds: 1,
    rate: 50_000,
    linger: 5,
    workers: 2,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm', 'native', 'onnx'],
  },
  async run(bench) {
    const { options } = bench;
    const runs = new Runs();
    const rows: string[][] = [];
    const lines: Series[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const one of bench.cases()) {
        const name = `${one.format} ${one.model} ${one.backend}`;
        const { swapped, figures } = await measured(bench, one, name);
        runs.add(name, figures);
        rows.push(...slowest(name, swapped));
        if (round === 0) lines.push(timeline(name, swapped));
      }
    return {
      metrics,
      runs: runs.all,
      plots: [{ title: 'p99 of each second', x: 'seconds', y: 'ms', kind: 'line', series: lines }],
      goals: runs.all.flatMap(({ name }) => goalsOf(runs, name)),
      tables: [
        {
          title: 'What the slowest 0.1 % of the records waited for',
          columns: ['case', 'second', 'move', 'records', 'worst, ms', 'what happened meanwhile'],
          rows,
        },
      ],
      notes: [
        `${options.rate} records a second. The label moves ${options.moves} times forward and back between two versions that are ` +
          'loaded, then as often forward to a version that has to be tried and loaded, and back; ' +
          `${options.seconds} s between a move and the next.`,
        `"Around" is from the move of the label until ${AFTER_MS / 1_000} s after every partition has a result of the new version; ` +
          '"outside" is all other time of the same run after the warm-up. Of moves that load, only the way forward counts.',
        'Audited: every record has one result, none two; the sampled scores are those of the version that the result names; in every ' +
          'partition the versions take turns as the label moved, once a move; no record batch has two versions.',
        'Latency: from the time at which a record was due to the time at which the broker appended its result, in whole milliseconds.',
      ],
    };
  },
};
