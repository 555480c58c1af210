// How long until the first score: of a process, with each backend; and of the partitions that a
// rebalance brings.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { RunningDaemon } from '../harness/log.ts';
import { type Metric, VoidRunError } from '../harness/result.ts';

const root = join(import.meta.dirname, '..', '..');

const AFTER_KILL: Metric = {
  name: 'after kill -9',
  unit: 'ms from the start of the process',
  better: 'lower',
  digits: 0,
  meaning:
    'an instance with kafka.group.instance.id is killed under load and started again at once: from its start to its first ' +
    'acknowledged result. Its session of before would have ended after 30 s',
};

export const startup: Scenario = {
  name: 'startup',
  measures: 'process start to first score with each backend, and assignment to first score after a rebalance',
  config: 'startup.yaml',
  defaults: {
    count: 10_000,
    rate: 2_000,
    seconds: 10,
    rounds: 3,
    workers: 1,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm', 'native', 'onnx'],
  },
  async run(bench) {
    const { options, log, say } = bench;
    const runs = new Runs();
    for (let round = 0; round < options.rounds; round++) {
      for (const one of bench.cases()) {
        const name = `${one.format} ${one.model} ${one.backend}`;
        const firstScore = log.kind === 'kafka' ? await onKafka(bench, one) : await onEmbeddedLog(one);
        const afterKill = log.kind === 'kafka' ? await killed(bench, one) : null;
        runs.add(name, {
          'first score': firstScore,
          ...(await rebalanced(bench, one)),
          ...(afterKill === null ? {} : { 'after kill -9': afterKill }),
        });
        say(
          `${name}: first score after ${Math.round(firstScore)} ms` +
            (afterKill === null ? '' : `; ${Math.round(afterKill)} ms after kill -9`),
        );
      }
    }
    return {
      metrics: [
        {
          name: 'first score',
          unit: 'ms from the start of the process',
          better: 'lower',
          digits: 0,
          meaning: 'from the start of the process until the first result is acknowledged',
        },
        {
          name: 'after a rebalance',
          unit: 'ms from the assignment',
          better: 'lower',
          digits: 0,
          meaning: 'from the assignment of a partition to its first acknowledged result',
        },
        {
          name: 'longest wait',
          unit: 'ms of a record, rebalance included',
          better: 'lower',
          digits: 0,
          meaning: 'the longest time from sending to result around a rebalance',
        },
        ...(log.kind === 'kafka' ? [AFTER_KILL] : []),
      ],
      runs: runs.all,
      plots: [
        {
          title: 'Process start to first score',
          x: '',
          y: 'ms',
          kind: 'bars',
          series: [
            {
              name: 'ms',
              points: runs.all.map(
                ({ name, figures }) => [name, median(figures['first score'] ?? [])] as const,
              ),
            },
          ],
        },
      ],
      goals: [],
      notes: [
        'The first score of a process includes loading Node, the model into the main thread (to check it) and into a worker, the ' +
          'golden records, and joining the group.',
        ...(log.kind === 'memory'
          ? ['On the embedded log the process scores the shipped model, and its own generated transactions.']
          : []),
      ],
    };
  },
};

async function onKafka(bench: Bench, one: Case): Promise<number> {
  const { log, options } = bench;
  const job = await log.createJob(options.partitions);
  await bench.load(job, one, { count: options.count });
  const { firstResultAfterMs } = await bench.drain(job, one, options.count);
  await log.deleteJob(job);
  return firstResultAfterMs;
}

/** The embedded log lives in the daemon's own process, so nobody else can fill it. */
async function onEmbeddedLog({ backend }: Case): Promise<number> {
  const file = join(tempFolder('bench'), 'summary.json');
  const args = ['run', '--config', 'config/demo.yaml', '--set', `model.backend=${backend}`];
  await run(process.execPath, [join(root, 'src', 'main.ts'), ...args, '--for', '2s', '--summary', file], {
    cwd: root,
  });
  const { scored, firstResultAfterMs } = JSON.parse(readFileSync(file, 'utf8')) as Summary;
  if (scored === 0) throw new VoidRunError('the daemon scored nothing');
  return firstResultAfterMs;
}

/** Two share the partitions under a steady load; one leaves, the other takes over. */
async function rebalanced(bench: Bench, one: Case): Promise<Record<string, number>> {
  const { log, options } = bench;
  const job = await log.createJob(options.partitions);
  const [leaving, staying] = (await bench.startReady(job, one, 2)) as [RunningDaemon, RunningDaemon];
  const count = Math.ceil(options.rate * options.seconds);
  const load = bench.load(job, one, { count, recordsPerSecond: options.rate });
  await bench.until('the load to flow', [leaving, staying], async () => {
    const committed = await log.committed(job);
    return committed.every((next) => next > 0);
  });
  await leaving.stop();
  await load;
  await bench.caughtUp(job, [staying]);
  const { assignedToFirstResultMs, latencyMs } = await staying.stop();
  await audit(log, { job, sent: count, scored: count, format: one.format, model: one.model });
  await log.deleteJob(job);
  return {
    'after a rebalance': assignedToFirstResultMs.at(-1) ?? Number.NaN,
    'longest wait': latencyMs.endToEnd.max,
  };
}

/** What was in flight is scored again, so results are counted from below. */
async function killed(bench: Bench, one: Case): Promise<number> {
  const { log, options } = bench;
  const job = await log.createJob(options.partitions);
  const named = {
    ...one,
    settings: ['kafka.group.instance.id=bench', 'kafka.session.timeout.ms=30000'],
  };
  const [first] = (await bench.startReady(job, named)) as [RunningDaemon];
  const count = Math.ceil(options.rate * options.seconds);
  const load = bench.load(job, one, { count, recordsPerSecond: options.rate });
  await bench.until('the load to flow', [first], async () => {
    const committed = await log.committed(job);
    return committed.every((next) => next > 0);
  });
  if (first.pid === null) throw new VoidRunError('the daemon is no process of its own');
  process.kill(first.pid, 'SIGKILL');
  await first.failed.catch(() => {});
  const again = await bench.startDaemon(job, named);
  await load;
  await bench.caughtUp(job, [again]);
  const { firstResultAfterMs } = await again.stop();
  const results = await log.ends(job.output);
  if (results.reduce((sum, { logEnd }) => sum + logEnd, 0) < count)
    throw new VoidRunError('results are missing');
  await log.deleteJob(job);
  return firstResultAfterMs;
}
