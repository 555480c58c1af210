// Live: what a record costs and how long it waits at the rates that people have, for the daemon as
// it is by default and for what people write instead, all measured from outside in the same way.

import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import {
  countOf,
  FellBehindError,
  type LivePaces,
  type Measured,
  measureLive,
  quantile,
} from '../harness/live-run.ts';
import type { Job } from '../harness/log.ts';
import { momentsOf, slowestOf } from '../harness/tail.ts';
import { LATE_EVERY_MS } from '../load/lingering.ts';
import { goalsOf, METRICS, nameOf, overRate } from './live-report.ts';
import { type Kind, type LivePeer, livePeers, startOurs, startPeer } from './live-scorers.ts';

export { KINDS } from './live-scorers.ts';

/**
 * The share of the records whose waiting is explained, and how many moments of a case are shown.
 */
const SLOWEST = 0.001;
const MOMENTS_MAX = 3;
/** Whoever keeps half of the records waiting for longer has more to do than it can. */
const KEPT_UP_MS = 500;
const SHARES = { p50: 0.5, p99: 0.99, 'p99.9': 0.999, max: 1 } as const;

export const live: Scenario = {
  name: 'live',
  measures:
    "a record's CPU and latency at the rates that people have, by default settings, and of the peers beside it",
  config: 'live.yaml',
  needsKafka: true,
  defaults: {
    seconds: 15,
    warmUp: 5,
    rounds: 1,
    partitions: 4,
    rates: [100, 2_000, 20_000, 50_000],
    linger: 1,
    burst: 0,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm', 'native'],
    kinds: ['plain'],
    peers: ['python', 'eachBatch', 'rust'],
    rust: '',
  },
  async run(bench) {
    const { options } = bench;
    const runs = new Runs();
    const notes: string[] = [];
    const rows: string[][] = [];
    const peers = await livePeers(bench, notes);
    for (let round = 0; round < options.rounds; round++) {
      for (const rate of options.rates) {
        for (const each of bench.cases()) {
          const one: Case = { ...each, workers: 'auto' };
          for (const kind of options.kinds as readonly Kind[])
            await rows.push(...(await measureOurs(bench, runs, notes, one, kind, rate)));
        }
        for (const format of options.formats) {
          for (const model of options.models) {
            const one: Case = { format, model, backend: 'native', workers: 'auto' };
            for (const peer of peers) await measurePeer(bench, runs, notes, one, peer, rate);
          }
        }
      }
    }
    return {
      metrics: METRICS.filter(({ name }) =>
        runs.all.some(({ figures }) => figures[name]?.some(Number.isFinite) === true),
      ),
      runs: runs.all,
      plots: [overRate(runs, 'CPU', 'us a record'), overRate(runs, 'p99', 'ms')],
      goals: goalsOf(runs),
      tables: [
        {
          title: 'What the slowest 0.1 % of the records of scorelane waited for',
          columns: ['case', 'second', 'records', 'worst, ms', 'what happened meanwhile'],
          rows,
        },
      ],
      notes: [
        `The producer: linger.ms ${options.linger}, ${options.partitions} partitions` +
          `${options.burst === 0 ? '' : `, ${options.burst} records together at the start of every second`}; the first ` +
          `${options.warmUp} s are not measured. Every output was audited.`,
        'Latency: from the time at which a record was due, which it carries, to the time at which the broker appended its result, ' +
          'for every scorer alike; both are whole milliseconds.',
        ...notes,
      ],
    };
  },
};

function pacesOf({ options }: Bench, rate: number, kind: Kind): LivePaces {
  return {
    rate,
    burst: options.burst,
    lingerMs: options.linger,
    compression: kind === 'compressed' ? 'gzip' : 'none',
    warmUpMs: options.warmUp * 1000,
    measuredMs: options.seconds * 1000,
  };
}

async function measureOurs(
  bench: Bench,
  runs: Runs,
  notes: string[],
  one: Case,
  kind: Kind,
  rate: number,
): Promise<string[][]> {
  return inJob(bench, async (job) => {
    const settings = [`telemetry.warmUp=${Math.round(bench.options.warmUp * 1000)}ms`];
    const scorer = await startOurs(bench, job, { ...one, settings }, kind);
    const measured = await measureLive(bench, job, one, pacesOf(bench, rate, kind), scorer);
    const summary = await scorer.daemon.stop();
    const own = summary.latencyMs.endToEnd;
    const name = nameOf(bench, one, `scorelane ${one.backend}${kind === 'plain' ? '' : ` ${kind}`}`, rate);
    add(bench, runs, name, notes, measured, {
      'own p50': own.p50,
      'own p99': own.p99,
      'micro-batches': summary.microBatches / (bench.options.warmUp + bench.options.seconds),
    });
    const { latencyMs, first, dueMs, startAtMs, happenings } = measured;
    const slow = slowestOf(latencyMs, first, dueMs, SLOWEST);
    return momentsOf(slow, [...happenings, ...scorer.happenings()])
      .slice(0, MOMENTS_MAX)
      .map(({ fromMs, records, worstMs, seen }) => [
        name,
        ((fromMs - startAtMs) / 1000).toFixed(2),
        String(records),
        String(worstMs),
        seen.length === 0 ? 'nothing was seen' : seen.join('; '),
      ]);
  });
}

async function measurePeer(
  bench: Bench,
  runs: Runs,
  notes: string[],
  one: Case,
  peer: LivePeer,
  rate: number,
): Promise<void> {
  await inJob(bench, async (job) => {
    const paces = pacesOf(bench, rate, 'plain');
    const scorer = await startPeer(bench, job, peer.command(job, one, countOf(paces).sent));
    const name = nameOf(bench, one, peer.name, rate);
    try {
      add(bench, runs, name, notes, await measureLive(bench, job, one, paces, scorer), {});
    } catch (error) {
      if (!(error instanceof FellBehindError)) throw error;
      notes.push(`${name} FELL BEHIND: ${error.message}`);
    } finally {
      scorer.end();
    }
  });
}

async function inJob<T>(bench: Bench, measure: (job: Job) => Promise<T>): Promise<T> {
  const job = await bench.log.createJob(bench.options.partitions, { appendTimes: true });
  const result = await measure(job);
  await bench.log.deleteJob(job);
  return result;
}

function add(
  bench: Bench,
  runs: Runs,
  name: string,
  notes: string[],
  measured: Measured,
  more: Readonly<Record<string, number>>,
): void {
  const { latencyMs, first, load, cpuMicrosPerRecord, brokerMicrosPerRecord } = measured;
  const sorted = latencyMs.slice(first).sort();
  const late = (load.lateMs ?? []).slice((bench.options.warmUp * 1000) / LATE_EVERY_MS);
  const latestMs = Math.max(0, ...late);
  const figures = {
    CPU: cpuMicrosPerRecord,
    'broker CPU': brokerMicrosPerRecord,
    ...Object.fromEntries(Object.entries(SHARES).map(([at, share]) => [at, quantile(sorted, share)])),
    'first p99': quantile(latencyMs.slice(0, first).sort(), SHARES.p99),
    ...more,
    'sent late': latestMs,
  };
  runs.add(name, figures);
  if (quantile(sorted, SHARES.p50) > KEPT_UP_MS)
    notes.push(`${name} DID NOT KEEP UP: half of the records waited longer than ${KEPT_UP_MS} ms`);
  bench.say(
    `${name}: ${figures.CPU.toFixed(1)} us, broker ${figures['broker CPU'].toFixed(1)} us, p50 ${quantile(sorted, SHARES.p50)} ms, ` +
      `p99 ${quantile(sorted, SHARES.p99)} ms, p99.9 ${quantile(sorted, SHARES['p99.9'])} ms, max ${sorted.at(-1)} ms, ` +
      `sent at most ${latestMs.toFixed(1)} ms late, audited; load source ${load.cpuMicrosPerRecord.toFixed(1)} us`,
  );
}
