// Two jobs in one process share its worker threads. One is sent three times what it can score: what
// does the other notice?

import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { Job, RunningJobs } from '../harness/log.ts';
import { percentileCurve } from '../harness/plots.ts';
import { type Goal, type Metric, ratio, type Series } from '../harness/result.ts';

const OVER = 3;
/** What the quiet job is sent, as a share of what the process can score. */
const QUIET = 0.1;
/** How much slower the quiet job's p99 may be beside the flood. */
const SLOWER_MAX = 2;

const ms = (name: string, digits: number, meaning: string): Metric => ({
  name,
  unit: 'ms',
  better: 'lower',
  digits,
  meaning,
});
const told = (name: string, unit: string, digits: number, meaning: string): Metric => ({
  name,
  unit,
  better: null,
  digits,
  meaning,
});
const times = (name: string, meaning: string): Metric => ({
  name,
  unit: 'times',
  better: 'lower',
  digits: 2,
  meaning,
});

const metrics: readonly Metric[] = [
  told('capacity', 'records/s', 0, 'what the flooded job scores alone when there is always more to do'),
  told('quiet', 'records/s', 0, `what the quiet job was sent: ${QUIET} times the capacity`),
  told(
    'flood',
    'records/s',
    0,
    `what the flooded job had to do, for each second of the load: ${OVER} times the capacity`,
  ),
  {
    name: 'flood scored',
    unit: 'records/s',
    better: 'higher',
    digits: 0,
    meaning: 'what the flooded job scored of it beside the quiet one',
  },
  ms('p50 alone', 1, 'half of the records of the quiet job had their result acknowledged within this time'),
  ms('p50 beside', 1, 'the same while the other job is flooded'),
  times('p50 ratio', 'p50 beside the flood over p50 alone'),
  ms('p99 alone', 1, '99 of 100 records of the quiet job had their result acknowledged within this time'),
  ms('p99 beside', 1, 'the same while the other job is flooded'),
  times('p99 ratio', 'p99 beside the flood over p99 alone'),
  told('answered', '% of the quiet records', 2, 'those with a result at the end: all, or the run is void'),
  ms('queue alone', 1, 'of 100 micro-batches of the quiet job 99 waited less for a thread'),
  ms('queue beside', 1, 'the same while the other job is flooded'),
  ms(
    'flooded work',
    2,
    'thread time of a micro-batch of the flooded job: medians of decode, predict, encode',
  ),
  told('main loop', '% busy', 0, 'how busy the main thread was beside the flood'),
  told('late alone', 'ms at most', 1, 'how late the quiet records were sent at worst: part of the latencies'),
  told('late beside', 'ms at most', 1, 'the same while the other job is flooded'),
];

/** One of the measurements: both jobs run, and the flood is there or not. */
class Measurement {
  readonly #bench: Bench;
  readonly #one: Case;
  readonly #jobs: Readonly<Record<'quiet' | 'flooded', Job>>;
  readonly #sent = { quiet: 0, flooded: 0 };

  private constructor(bench: Bench, one: Case, quiet: Job, flooded: Job) {
    this.#bench = bench;
    this.#one = one;
    this.#jobs = { quiet, flooded };
  }

  static async of(bench: Bench, one: Case): Promise<Measurement> {
    const { log, options } = bench;
    const quiet = await log.createJob(options.partitions);
    return new Measurement(bench, one, quiet, await log.createJob(options.partitions));
  }

  /** Resolves to how late the last records were sent. */
  async load(name: 'quiet' | 'flooded', count: number, recordsPerSecond?: number): Promise<number> {
    this.#sent[name] = count;
    const plan = recordsPerSecond === undefined ? { count } : { count, recordsPerSecond };
    return (await this.#bench.load(this.#jobs[name], this.#one, plan)).latestMs;
  }

  /** Runs both until `awaited` has committed all that it was sent; audits what both have scored. */
  async run(awaited: 'quiet' | 'flooded', during: () => Promise<void>) {
    const { log } = this.#bench;
    const running: RunningJobs = await this.#bench.startJobs(this.#jobs, this.#one);
    await Promise.race([during(), running.failed]);
    await this.#bench.caughtUp(this.#jobs[awaited], [running]);
    const summaries = (await running.stop()) as Record<'quiet' | 'flooded', Summary>;
    for (const name of ['quiet', 'flooded'] as const) {
      const sent = this.#sent[name];
      const scored = name === awaited ? sent : summaries[name].scored;
      const { format, model } = this.#one;
      await audit(log, { job: this.#jobs[name], sent, scored, format, model });
      await log.deleteJob(this.#jobs[name]);
    }
    return summaries;
  }
}

const workOf = ({ latencyMs: { decode, predict, encode } }: Summary): number =>
  decode.p50 + predict.p50 + encode.p50;

export const jobs: Scenario = {
  name: 'jobs',
  measures: 'two jobs in one process, one sent three times what it can score: the latency of the other',
  config: 'jobs.yaml',
  warmUpConfig: 'throughput.yaml',
  defaults: {
    seconds: 10,
    warmUp: 2,
    rounds: 3,
    count: 500_000,
    workers: 1,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm'],
  },
  async run(bench) {
    const { options, say } = bench;
    const runs = new Runs();
    const curves: Series[] = [];
    const goals: Goal[] = [];
    const seconds = options.warmUp + options.seconds;
    for (const each of bench.cases()) {
      const one = { ...each, settings: [`telemetry.warmUp=${Math.round(options.warmUp * 1000)}ms`] };
      const name = `${one.format} ${one.model} ${one.backend}`;
      for (let round = 0; round < options.rounds; round++) {
        const probe = await Measurement.of(bench, { ...one, settings: ['telemetry.warmUp=0ms'] });
        await probe.load('flooded', options.count);
        const { flooded: found } = await probe.run('flooded', async () => {});
        const capacity = found.recordsPerSecond;
        const rate = Math.ceil(capacity * QUIET);
        const count = Math.ceil(rate * seconds);

        const calm = await Measurement.of(bench, one);
        let lateAlone = 0;
        const { quiet: alone } = await calm.run('quiet', async () => {
          lateAlone = await calm.load('quiet', count, rate);
        });

        const flood = await Measurement.of(bench, one);
        await flood.load('flooded', Math.ceil(capacity * OVER * seconds));
        let late = 0;
        const { quiet: beside, flooded } = await flood.run('quiet', async () => {
          late = await flood.load('quiet', count, rate);
        });

        const before = alone.latencyMs;
        const after = beside.latencyMs;
        const slower = after.endToEnd.p99 / before.endToEnd.p99;
        runs.add(name, {
          capacity,
          quiet: rate,
          flood: capacity * OVER,
          'flood scored': flooded.recordsPerSecond,
          'p50 alone': before.endToEnd.p50,
          'p50 beside': after.endToEnd.p50,
          'p50 ratio': after.endToEnd.p50 / before.endToEnd.p50,
          'p99 alone': before.endToEnd.p99,
          'p99 beside': after.endToEnd.p99,
          'p99 ratio': slower,
          answered: (100 * beside.scored) / count,
          'queue alone': before.queue.p99,
          'queue beside': after.queue.p99,
          'flooded work': workOf(flooded),
          'main loop': 100 * beside.mainThreadUtilisation,
          'late alone': lateAlone,
          'late beside': late,
        });
        say(
          `${name}: takes ${capacity} records/s; the quiet job at ${rate}/s: p99 ${before.endToEnd.p99} ms alone, ` +
            `${after.endToEnd.p99} ms beside the flood, of which ${flooded.recordsPerSecond} records/s were scored; audited`,
        );
        if (round > 0) continue;
        curves.push(percentileCurve(`${name}, alone`, alone.histograms.endToEnd));
        curves.push(percentileCurve(`${name}, beside the flood`, beside.histograms.endToEnd));
      }
      const slower = median(runs.figures(name, 'p99 ratio'));
      const answered = Math.min(...runs.figures(name, 'answered'));
      goals.push({
        what: `${name}: p99 of the quiet job beside the flood, over alone`,
        wanted: `at most ${ratio(SLOWER_MAX)}`,
        measured: ratio(slower),
        isMet: slower <= SLOWER_MAX,
      });
      goals.push({
        what: `${name}: quiet records answered`,
        wanted: 'all',
        measured: `${answered.toFixed(2)} %`,
        isMet: answered >= 100,
      });
    }
    return {
      metrics,
      runs: runs.all,
      plots: [
        {
          title: 'End-to-end latency of the quiet job by percentile',
          x: 'percentile of records',
          y: 'ms',
          kind: 'percentile',
          series: curves,
        },
      ],
      goals,
      notes: [
        `The flood is in its topic before the jobs start: ${OVER} times what can be scored in the time that the quiet job is sent ` +
          'records, so that there is always more, and to send it takes no CPU time from what is measured.',
        'Each round measures the capacity, the quiet job alone, and the quiet job beside the flood, one after the other: ' +
          'the ratios are of one round.',
        ...(bench.log.kind === 'memory'
          ? [
              'On the embedded log the load source of the quiet job shares the main thread with both jobs: "late" is how long that ' +
                'thread was busy or had no core. On a machine with other work it is most of the latency.',
            ]
          : []),
      ],
    };
  },
};
