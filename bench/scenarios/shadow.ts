// What it costs to look at a version on live records, and at what comes in: a full topic
// drained as it is, beside a shadow, and with drift counted, by turns; and the CPU time of a record
// at a steady rate without and with the shadow, which rests while lanes are behind.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../../src/base/median.ts';
import { addDistribution } from '../../src/importing/add-distribution.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { NO_LABELS, withMove, writeLabels } from '../../src/versions/labels.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { Job, RunningDaemon } from '../harness/log.ts';
import type { Goal, Metric } from '../harness/result.ts';
import { mlp } from '../models/mlp.ts';
import { makeVersions } from '../models/repository.ts';
import { featuresOf, idOf } from '../workload.ts';

/** How much of the throughput may go at most. */
const SHADOW_MAX = 0.22;
const DRIFT_MAX = 0.03;
/** Records that the distribution is made of. */
const SAMPLES = 5_000;

const VARIANTS = ['plain', 'shadow', 'drift'] as const;
type Variant = (typeof VARIANTS)[number];

interface Prepared {
  readonly repository: string;
  readonly version: string;
}

/** The model as it is, beside another version as shadow, and with a distribution. */
async function prepare(name: string): Promise<Readonly<Record<Variant, Prepared>>> {
  const [plain, shadow, drift] = [
    makeVersions(name, 1),
    makeVersions(name, 2),
    makeVersions(name, 1),
  ] as const;
  writeLabels(shadow, name, withMove(NO_LABELS, { label: 'shadow', to: '2', now: new Date() }));
  const samples = join(tempFolder('bench'), 'samples.jsonl');
  const { width } = mlp(name);
  const lines = Array.from({ length: SAMPLES }, (_, number) =>
    JSON.stringify({ id: idOf(number), features: [...featuresOf(number, width)] }),
  );
  writeFileSync(samples, `${lines.join('\n')}\n`);
  const { version } = await addDistribution({ repository: drift, name, samples });
  return {
    plain: { repository: plain, version: '1' },
    shadow: { repository: shadow, version: '1' },
    drift: { repository: drift, version: String(version) },
  };
}

const TOKEN = 'only-for-this-bench';

/** Where a daemon listens. */
function urlOf({ said }: RunningDaemon): string {
  const line = said.find(({ msg }) => msg.startsWith('http at '))?.msg ?? '';
  const [, url] = /^http at (\S+): /.exec(line) ?? [];
  if (url === undefined) throw new Error('the daemon did not say where it listens');
  return url;
}

/** What it tells Prometheus: the sum of a metric's series. */
async function told(daemon: RunningDaemon, name: string): Promise<number> {
  const text = await (await fetch(`${urlOf(daemon)}/metrics`)).text();
  const values = text.split('\n').filter((each) => each.startsWith(`${name}{`));
  return values.reduce((sum, each) => sum + Number(each.slice(each.lastIndexOf(' '))), 0);
}

/** Lets its stream wait, or go on. */
async function hold(daemon: RunningDaemon, what: 'pause' | 'resume'): Promise<void> {
  const answer = await fetch(`${urlOf(daemon)}/admin/jobs/default/${what}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  if (!answer.ok) throw new Error(`cannot ${what} the daemon: ${answer.status} ${await answer.text()}`);
}

const TRIED = /is tried as shadow from now on/;
const tries = ({ said }: RunningDaemon): boolean => said.some(({ msg }) => TRIED.test(msg));

interface Run {
  readonly summary: Summary;
  /** Of the records that were scored, those that the shadow scored too. */
  readonly shadowed: number;
}

class Measuring {
  readonly #bench: Bench;
  readonly #one: Case;
  readonly #prepared: Readonly<Record<Variant, Prepared>>;

  constructor(bench: Bench, one: Case, prepared: Readonly<Record<Variant, Prepared>>) {
    this.#bench = bench;
    this.#one = one;
    this.#prepared = prepared;
  }

  /** Drains a topic that was filled while the daemon, ready and with its shadow, was held. */
  async flooded(variant: Variant): Promise<Run> {
    const { count } = this.#bench.options;
    return this.#run(variant, count, async (daemon, job, one) => {
      await hold(daemon, 'pause');
      await this.#bench.load(job, one, { count });
      await hold(daemon, 'resume');
    });
  }

  /** At a rate that it can take. */
  async paced(variant: Variant): Promise<Run> {
    const { rate, seconds, warmUp } = this.#bench.options;
    const count = Math.ceil(rate * (warmUp + seconds));
    return this.#run(variant, count, async (_, job, one) => {
      await this.#bench.load(job, one, { count, recordsPerSecond: rate });
    });
  }

  /** `send` sends so many records to a daemon that is ready. */
  async #run(
    variant: Variant,
    sent: number,
    send: (daemon: RunningDaemon, job: Job, one: Case) => Promise<void>,
  ): Promise<Run> {
    const { log, options } = this.#bench;
    const job = await log.createJob(options.partitions);
    const one = this.#caseOf(variant);
    const [daemon] = (await this.#bench.startReady(job, one)) as [RunningDaemon];
    if (variant === 'shadow') await this.#bench.until('the shadow', [daemon], async () => tries(daemon));
    await Promise.race([send(daemon, job, one), daemon.failed]);
    await this.#bench.caughtUp(job, [daemon]);
    const scored = variant === 'shadow' ? await told(daemon, 'scorelane_trial_records_total') : 0;
    const summary = await daemon.stop();
    await audit(log, { job, sent, scored: sent, format: one.format, model: one.model });
    await log.deleteJob(job);
    return { summary, shadowed: scored / sent };
  }

  #caseOf(variant: Variant): Case {
    const { repository, version } = this.#prepared[variant];
    const settings = [
      `model.repository=${repository}`,
      `model.version=${version}`,
      `http.adminToken=${TOKEN}`,
      `telemetry.warmUp=${Math.round(1_000 * this.#bench.options.warmUp)}ms`,
    ];
    return { ...this.#one, settings };
  }
}

const metric = (
  name: string,
  unit: string,
  better: Metric['better'],
  digits: number,
  meaning: string,
): Metric => ({
  ...{ name, unit, better, digits, meaning },
});
const metrics: readonly Metric[] = [
  metric('plain', 'records/s', 'higher', 0, 'throughput, flooded, with neither'),
  metric('shadow', 'records/s', 'higher', 0, 'the same beside a shadow'),
  metric('shadow share', 'of plain', 'higher', 3, 'how much of the throughput is left, of the same round'),
  metric(
    'shadowed',
    '% of records',
    null,
    1,
    'those that the shadow scored meanwhile: it rests where lanes are behind',
  ),
  metric('drift', 'records/s', 'higher', 0, 'the same with a distribution, so that drift is counted'),
  metric('drift share', 'of plain', 'higher', 3, 'how much of the throughput is left, of the same round'),
  metric(
    'CPU drift',
    'of plain',
    'lower',
    3,
    'CPU time of a record with drift counted, flooded, over that with neither',
  ),
  metric('CPU paced', 'us a record', 'lower', 2, 'CPU time of the process at the steady rate, with neither'),
  metric('CPU paced shadow', 'us a record', 'lower', 2, 'the same beside the shadow'),
  metric(
    'workers',
    'times',
    'lower',
    3,
    'CPU time of the worker threads at the steady rate, beside the shadow over without',
  ),
  metric('shadowed paced', '% of records', null, 1, 'those that the shadow scored at the steady rate'),
];

const workersOf = ({ workers, measured }: Summary): number =>
  workers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / measured;

const goal = (what: string, least: number, measured: number): Goal => ({
  what,
  wanted: `at least ${least.toFixed(2)}`,
  measured: measured.toFixed(3),
  isMet: measured >= least,
});

export const shadow: Scenario = {
  name: 'shadow',
  measures:
    'throughput as it is, beside a shadow and with drift counted; CPU of a record at a steady rate with the shadow',
  config: 'shadow.yaml',
  needsKafka: true,
  defaults: {
    count: 3_000_000,
    rounds: 4,
    rate: 20_000,
    seconds: 15,
    warmUp: 5,
    workers: 1,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm'],
  },
  async run(bench) {
    const { options, say } = bench;
    const runs = new Runs();
    for (const one of bench.cases()) {
      const name = `${one.format} ${one.model} ${one.backend}`;
      const measuring = new Measuring(bench, one, await prepare(one.model));
      for (let round = 0; round < options.rounds; round++) {
        const found = new Map<Variant, Run>();
        // Each is the first in its turn.
        for (let turn = 0; turn < VARIANTS.length; turn++) {
          const variant = VARIANTS[(turn + round) % VARIANTS.length] as Variant;
          found.set(variant, await measuring.flooded(variant));
        }
        const paced = new Map<Variant, Run>();
        for (const variant of round % 2 === 0
          ? (['plain', 'shadow'] as const)
          : (['shadow', 'plain'] as const))
          paced.set(variant, await measuring.paced(variant));
        const [plain, shadowed, drift] = VARIANTS.map((variant) => found.get(variant) as Run) as [
          Run,
          Run,
          Run,
        ];
        const [calm, beside] = [paced.get('plain') as Run, paced.get('shadow') as Run];
        const { recordsPerSecond: rate } = plain.summary;
        const figures = {
          plain: rate,
          shadow: shadowed.summary.recordsPerSecond,
          'shadow share': shadowed.summary.recordsPerSecond / rate,
          shadowed: 100 * shadowed.shadowed,
          drift: drift.summary.recordsPerSecond,
          'drift share': drift.summary.recordsPerSecond / rate,
          'CPU drift': drift.summary.cpuMicrosPerRecord / plain.summary.cpuMicrosPerRecord,
          'CPU paced': calm.summary.cpuMicrosPerRecord,
          'CPU paced shadow': beside.summary.cpuMicrosPerRecord,
          workers: workersOf(beside.summary) / workersOf(calm.summary),
          'shadowed paced': 100 * beside.shadowed,
        };
        const seconds = [...found.values()].map(({ summary }) => summary.seconds);
        runs.add(name, figures, Math.min(...seconds));
        say(
          `${name}: ${rate} records/s; beside a shadow ${figures['shadow share'].toFixed(3)} of it, with drift ` +
            `${figures['drift share'].toFixed(3)}; at ${options.rate}/s the workers take ${figures.workers.toFixed(2)} times as long ` +
            `beside a shadow that scores ${figures['shadowed paced'].toFixed(0)} %; audited`,
        );
      }
    }
    return {
      metrics,
      runs: runs.all,
      plots: [],
      goals: runs.all.flatMap(({ name, figures }) => [
        goal(
          `${name}: throughput beside a shadow, of that without`,
          1 - SHADOW_MAX,
          median(figures['shadow share'] ?? []),
        ),
        goal(
          `${name}: work of a record at a steady rate without a shadow, of that beside it`,
          1 - SHADOW_MAX,
          1 / median(figures.workers ?? []),
        ),
        goal(
          `${name}: throughput with drift counted, of that without`,
          1 - DRIFT_MAX,
          median(figures['drift share'] ?? []),
        ),
      ]),
      notes: [
        ...runs.tooShort,
        'Each round drains a topic as it is, beside the shadow and with drift counted, each first in its turn; then it sends a steady ' +
          'load without and with the shadow. A topic is filled while the daemon is held, ready and with its shadow.',
        'A shadow rests while a lane is behind: flooded it has little to do. What its budget means shows at the steady rate, in the ' +
          'time of the worker threads.',
      ],
    };
  },
};
