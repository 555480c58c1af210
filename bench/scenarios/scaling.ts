// What another worker, more partitions or another instance bring, and what the main thread takes of
// it.

import { availableParallelism } from 'node:os';
import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import { atLeast, type Goal, type Series } from '../harness/result.ts';

const PARTITIONS = [1, 4, 16, 64];
/** Two workers and the main thread, and a broker beside them. */
const CORES_TO_SPARE = 4;
const WANTED = 1.7;

export const scaling: Scenario = {
  name: 'scaling',
  measures:
    'workers 1 to N, partitions 1 to 64, instances 1 to 3: the curve, and the main thread’s share of it',
  config: 'scaling.yaml',
  defaults: {
    count: 120_000,
    rounds: 1,
    workers: Math.max(2, availableParallelism()),
    partitions: 4,
    instances: 3,
    formats: ['msgpack'],
    models: ['mlp-30-1024-1024-512-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options } = bench;
    const runs = new Runs();
    const cores = availableParallelism();
    const workerCounts = Array.from({ length: options.workers }, (_, index) => index + 1);
    const partitionCounts = PARTITIONS.filter((each) => each <= 16 * options.partitions);
    const instances = Math.min(options.instances, options.partitions);
    const instanceCounts = Array.from({ length: instances }, (_, index) => index + 1);
    for (let round = 0; round < options.rounds; round++) {
      for (const each of bench.cases()) {
        for (const workers of workerCounts)
          await measure(bench, runs, { ...each, workers }, options.partitions, 1);
        for (const partitions of partitionCounts)
          await measure(bench, runs, { ...each, workers: Math.min(2, options.workers) }, partitions, 1);
        for (const instances of instanceCounts)
          await measure(bench, runs, { ...each, workers: 1 }, options.partitions, instances);
      }
    }
    const goals = bench.cases().map((one): Goal => {
      const of = (workers: number): number =>
        median(runs.figures(nameOf({ ...one, workers }, options.partitions, 1), 'throughput'));
      const goal = atLeast(`${one.format} ${one.model}: two workers against one`, WANTED, of(2) / of(1));
      if (cores >= CORES_TO_SPARE) return goal;
      const limit = `${cores} cores for two workers, the main thread and the broker: the cores are the limit here`;
      return { ...goal, measured: `${goal.measured} (${limit})` };
    });
    const curve = (title: string, x: string, counts: readonly number[], name: (count: number) => string) => ({
      title,
      x,
      y: 'records/s',
      kind: 'bars' as const,
      series: [
        {
          name: 'records/s',
          points: counts.map(
            (count) => [String(count), median(runs.figures(name(count), 'throughput'))] as const,
          ),
        },
      ] satisfies Series[],
    });
    const [first] = bench.cases() as [Case];
    return {
      metrics: [
        {
          name: 'throughput',
          unit: 'records/s',
          better: 'higher',
          digits: 0,
          meaning: 'records a second of all instances together',
        },
        {
          name: 'CPU',
          unit: 'us/record',
          better: 'lower',
          digits: 1,
          meaning: 'CPU time of all instances for each record',
        },
        {
          name: 'main thread',
          unit: '% of the CPU time',
          better: 'lower',
          digits: 1,
          meaning: 'the share of the CPU time that more workers cannot take over',
        },
        {
          name: 'cores used',
          unit: '',
          better: null,
          digits: 2,
          meaning:
            'CPU time of the daemons for each second: near the number of cores, the machine is the limit',
        },
      ],
      runs: runs.all,
      plots: [
        curve('Workers of one instance', 'workers', workerCounts, (workers) =>
          nameOf({ ...first, workers }, options.partitions, 1),
        ),
        curve('Partitions, at two workers', 'partitions', partitionCounts, (partitions) =>
          nameOf({ ...first, workers: Math.min(2, options.workers) }, partitions, 1),
        ),
        curve('Instances of one worker each', 'instances', instanceCounts, (instances) =>
          nameOf({ ...first, workers: 1 }, options.partitions, instances),
        ),
      ],
      goals,
      notes: [
        ...runs.tooShort,
        `This machine has ${cores} cores; the broker and the load source run on them too. "cores used" is of the daemons alone.`,
      ],
    };
  },
};

const nameOf = ({ format, model, backend, workers }: Case, partitions: number, instances: number): string =>
  `${format} ${model} ${backend}, workers ${workers}, partitions ${partitions}, instances ${instances}`;

/**
 * The instances share an empty topic first: they begin together, and the load is sent much faster
 * than it is scored.
 */
async function measure(
  bench: Bench,
  runs: Runs,
  one: Case,
  partitions: number,
  instances: number,
): Promise<void> {
  const { log, options, say } = bench;
  const name = nameOf(one, partitions, instances);
  const job = await log.createJob(partitions);
  const daemons = await bench.startReady(job, one, instances);
  await bench.load(job, one, { count: options.count });
  await bench.caughtUp(job, daemons);
  const summaries = await Promise.all(daemons.map((daemon) => daemon.stop()));
  await audit(log, { job, sent: options.count, scored: options.count, format: one.format, model: one.model });
  await log.deleteJob(job);
  const figures = together(summaries);
  runs.add(name, figures, Math.min(...summaries.map(({ seconds }) => seconds)));
  say(
    `${name}: ${Math.round(figures.throughput)} records/s, main thread ${figures['main thread'].toFixed(1)} %, audited`,
  );
}

/** Of several instances as one: from the first that began to the last that ended. */
function together(summaries: readonly Summary[]) {
  const measured = summaries.reduce((sum, each) => sum + each.measured, 0);
  const fromMs = Math.min(...summaries.map((each) => each.fromMs));
  const untilMs = Math.max(...summaries.map((each) => each.untilMs));
  const cpu = summaries.reduce((sum, each) => sum + each.cpuMicrosPerRecord * each.measured, 0);
  const main = summaries.reduce((sum, each) => sum + each.mainThreadCpuMicrosPerRecord * each.measured, 0);
  return {
    throughput: (measured * 1000) / Math.max(1, untilMs - fromMs),
    CPU: cpu / measured,
    'main thread': (100 * main) / cpu,
    'cores used': cpu / 1000 / Math.max(1, untilMs - fromMs),
  };
}
