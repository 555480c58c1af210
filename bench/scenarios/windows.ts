// What windows cost: a pre-filled topic drained by a model without and with twelve windows, in one
// run; and how long it takes from the assignment to the first score when a million records have to
// be read again, with and without snapshots.

import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { MIB, Runs, throughputFigures } from '../harness/figures.ts';
import type { Goal, Series } from '../harness/result.ts';
import { ensureWindowsModel } from '../models/repository.ts';

/** Of the throughput without windows, at least. */
const SHARE_WANTED = 1 / 3;
/** Records that come after what is read again: each lane must have one. */
const TAIL = 1_000;

export const windows: Scenario = {
  name: 'windows',
  measures:
    'throughput without and with twelve windows a record; assignment to first score, with and without snapshots',
  config: 'windows.yaml',
  defaults: {
    count: 1_000_000,
    rounds: 1,
    workers: 1,
    partitions: 4,
    formats: ['msgpack', 'json'],
    models: ['mlp-30-64-32-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options, log, say } = bench;
    const runs = new Runs();
    for (let round = 0; round < options.rounds; round++) {
      for (const one of bench.cases()) {
        const job = await log.createJob(options.partitions);
        await bench.load(job, one, { count: options.count });
        const without = await bench.drain(job, one, options.count);
        await log.deleteJob(job);
        const { summary, ...waits } = await withWindows(bench, one);
        const name = `${one.format} ${one.model} ${one.backend}`;
        const figures = {
          without: without.recordsPerSecond,
          with: summary.recordsPerSecond,
          share: summary.recordsPerSecond / without.recordsPerSecond,
          'workers without': throughputFigures(without).workers ?? Number.NaN,
          'workers with': throughputFigures(summary).workers ?? Number.NaN,
          RSS: summary.peakResidentBytes / MIB,
          ...waits,
        };
        runs.add(name, figures, Math.min(without.seconds, summary.seconds));
        say(
          `${name}: ${without.recordsPerSecond} records/s without windows, ${summary.recordsPerSecond} with, audited; first score ` +
            `${waits['from a snapshot']} ms after the assignment with a snapshot, ${waits['from the log']} without`,
        );
      }
    }
    const goals = runs.all.map(({ name, figures }): Goal => {
      const share = median(figures.share ?? []);
      return {
        what: `${name}: throughput with twelve windows, of that without`,
        wanted: `at least ${SHARE_WANTED.toFixed(2)}`,
        measured: share.toFixed(2),
        isMet: share >= SHARE_WANTED,
      };
    });
    const series = (metric: string): Series => ({
      name: metric,
      points: runs.all.map(({ name, figures }) => [name, median(figures[metric] ?? [])] as const),
    });
    return {
      metrics: [
        {
          name: 'without',
          unit: 'records/s',
          better: 'higher',
          digits: 0,
          meaning: 'records a second of the model without windows',
        },
        {
          name: 'with',
          unit: 'records/s',
          better: 'higher',
          digits: 0,
          meaning: 'the same with twelve windows a record',
        },
        {
          name: 'share',
          unit: 'with, of without',
          better: 'higher',
          digits: 2,
          meaning: 'how much of the throughput is left with windows',
        },
        {
          name: 'workers without',
          unit: 'us of CPU a record',
          better: 'lower',
          digits: 2,
          meaning: 'CPU time of the worker threads for each record, without windows',
        },
        {
          name: 'workers with',
          unit: 'us of CPU a record',
          better: 'lower',
          digits: 2,
          meaning: 'the same with windows',
        },
        {
          name: 'RSS',
          unit: 'MiB with windows',
          better: 'lower',
          digits: 0,
          meaning: 'the most memory that the process had, with the states of its lanes',
        },
        {
          name: 'from the log',
          unit: 'ms from the assignment to the first score',
          better: 'lower',
          digits: 0,
          meaning: 'how long a lane builds its windows up from the records of the log',
        },
        {
          name: 'from a snapshot',
          unit: 'ms from the assignment to the first score',
          better: 'lower',
          digits: 0,
          meaning: 'how long it does so from a snapshot and the records after it',
        },
      ],
      runs: runs.all,
      plots: [
        {
          title: 'Throughput without and with twelve windows',
          x: '',
          y: 'records/s',
          kind: 'bars',
          series: [series('without'), series('with')],
        },
      ],
      goals,
      notes: [
        ...runs.tooShort,
        'Windows of 1, 7 and 30 minutes with 20, 28 and 30 panes, counts and means, six of them with a delay, for 10,007 keys; ' +
          `${options.count} records lie in them when the state is built up again.`,
      ],
    };
  },
};

interface WithWindows {
  readonly summary: Summary;
  readonly 'from a snapshot': number;
  readonly 'from the log': number;
}

async function withWindows(bench: Bench, one: Case): Promise<WithWindows> {
  const { count, partitions } = bench.options;
  const directory = tempFolder('bench-state');
  const settings = [`model.name=${ensureWindowsModel(one.model)}`];
  const job = await bench.log.createJob(partitions);
  await bench.load(job, one, { count });
  const kept = { ...one, settings: [...settings, `snapshots.directory=${directory}`] };
  const summary = await bench.drain(job, kept, count);
  const firstScore = async (again: Case, sent: number): Promise<number> => {
    await bench.load(job, one, { first: sent, count: TAIL });
    const { assignedToFirstResultMs } = await bench.drain(job, again, sent + TAIL);
    return assignedToFirstResultMs.at(-1) ?? Number.NaN;
  };
  const figures = {
    summary,
    'from a snapshot': await firstScore(kept, count),
    'from the log': await firstScore({ ...one, settings }, count + TAIL),
  };
  await bench.log.deleteJob(job);
  return figures;
}
