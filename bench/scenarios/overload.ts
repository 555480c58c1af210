// Three times what the daemon can take: memory stays bounded, nothing is lost, and latency recovers
// when the load goes.

import { median } from '../../src/base/median.ts';
import { audit } from '../harness/audit.ts';
import type { Scenario } from '../harness/bench.ts';
import { MIB, Runs } from '../harness/figures.ts';
import type { RunningDaemon, TimedReport } from '../harness/log.ts';
import { timePlot } from '../harness/plots.ts';
import { atMost, type Goal } from '../harness/result.ts';

/**
 * What the process takes besides `lanes.budget`, MiB: Node, TensorFlow and the model with its work
 * space in each of two worker threads, response and result buffers. Measured: 943 with the model of
 * this scenario on native (docs/benchmarks.md).
 */
const CONSTANT_MIB = 1_100;
const OVER = 3;
const CALM = 0.3;
/** Records of the run that finds the capacity, as seconds of it at most. */
const PROBE_RECORDS = 40_000;

export const overload: Scenario = {
  name: 'overload',
  measures: 'three times what it can take: memory is bounded, nothing is lost, latency recovers',
  config: 'overload.yaml',
  defaults: {
    seconds: 60,
    rounds: 1,
    count: PROBE_RECORDS,
    workers: 2,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-1024-1024-512-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options, log, say } = bench;
    const runs = new Runs();
    const goals: Goal[] = [];
    const timelines = new Map<string, readonly TimedReport[]>();
    for (let round = 0; round < options.rounds; round++) {
      for (const one of bench.cases()) {
        const name = `${one.format} ${one.model} ${one.backend}`;
        const probe = await log.createJob(options.partitions);
        await bench.load(probe, one, { count: options.count });
        const capacity = (await bench.drain(probe, one, options.count)).recordsPerSecond;
        await log.deleteJob(probe);
        say(`${name}: takes ${capacity} records/s`);

        const job = await log.createJob(options.partitions);
        const [daemon] = (await bench.startReady(job, one)) as [RunningDaemon];
        const over = Math.ceil(capacity * OVER * options.seconds);
        await bench.load(job, one, { count: over, recordsPerSecond: capacity * OVER });
        const behind = daemon.reports.at(-1)?.lag ?? 0;
        await bench.caughtUp(job, [daemon], 20 * 60_000);
        const calmFrom = Date.now();
        const calm = Math.ceil(capacity * CALM * Math.max(2, options.seconds / 6));
        await bench.load(job, one, { first: over, count: calm, recordsPerSecond: capacity * CALM });
        await bench.caughtUp(job, [daemon]);
        const summary = await daemon.stop();
        const sent = over + calm;
        await audit(log, { job, sent, scored: sent, format: one.format, model: one.model });
        await log.deleteJob(job);

        const recovered = daemon.reports.filter(
          ({ atMs, latencyMs }) => atMs > calmFrom + 1000 && latencyMs.endToEnd.max > 0,
        );
        const p99 = median(recovered.map(({ latencyMs }) => latencyMs.endToEnd.p99));
        const held = Math.max(...daemon.reports.map(({ heldBytes }) => heldBytes)) / MIB;
        runs.add(name, {
          capacity,
          sent,
          scored: summary.scored,
          behind,
          held,
          RSS: summary.peakResidentBytes / MIB,
          'worst latency': summary.latencyMs.endToEnd.max / 1000,
          'p99 after': p99,
        });
        say(
          `${name}: ${sent} sent, ${summary.scored} scored, RSS at most ${Math.round(summary.peakResidentBytes / MIB)} MiB`,
        );
        if (round === 0) timelines.set(name, daemon.reports);
        goals.push({
          what: `${name}: every record scored`,
          wanted: `${sent}`,
          measured: `${summary.scored}`,
          isMet: summary.scored >= sent,
        });
        const budgetMib = bench.config(job, one).lanes.budget / MIB;
        goals.push(atMost(`${name}: bytes held, of the budget`, budgetMib, held, 'MiB'));
        if (log.kind === 'kafka')
          goals.push(
            atMost(
              `${name}: RSS, budget and constant`,
              budgetMib + CONSTANT_MIB,
              summary.peakResidentBytes / MIB,
              'MiB',
            ),
          );
      }
    }
    return {
      metrics: [
        {
          name: 'capacity',
          unit: 'records/s',
          better: 'higher',
          digits: 0,
          meaning: 'what the daemon scores when there is always more to do',
        },
        { name: 'sent', unit: 'records', better: null, digits: 0, meaning: 'records of the whole load' },
        {
          name: 'scored',
          unit: 'records',
          better: null,
          digits: 0,
          meaning: 'records with a result at the end: all of them, or the run does not count',
        },
        {
          name: 'behind',
          unit: 'records at the end of the load',
          better: null,
          digits: 0,
          meaning: 'the lag when the overload ended',
        },
        {
          name: 'held',
          unit: 'MiB in mailboxes and in flight',
          better: 'lower',
          digits: 1,
          meaning: 'the most bytes in mailboxes and in flight, which lanes.budget bounds',
        },
        {
          name: 'RSS',
          unit: 'MiB',
          better: 'lower',
          digits: 0,
          meaning: 'the most memory that the process had',
        },
        {
          name: 'worst latency',
          unit: 's',
          better: 'lower',
          digits: 1,
          meaning: 'the longest time from the intended sending of a record to its acknowledged result',
        },
        {
          name: 'p99 after',
          unit: 'ms',
          better: 'lower',
          digits: 1,
          meaning: 'the latency that 99 of 100 records keep once the backlog is gone',
        },
      ],
      runs: runs.all,
      plots: [
        timePlot('Resident memory', 'MiB', timelines, ({ residentBytes }) => residentBytes / MIB),
        timePlot('Records behind', 'records', timelines, ({ lag }) => lag ?? 0),
        timePlot(
          'Records scored a second',
          'records/s',
          timelines,
          ({ recordsPerSecond }) => recordsPerSecond,
        ),
      ],
      goals,
      notes: [
        `The load is ${OVER} times the capacity for ${options.seconds} s, then ${CALM} times it: "p99 after" is of that time.`,
        ...(log.kind === 'memory'
          ? ['On the embedded log the backlog is in the same process: RSS says nothing.']
          : []),
      ],
    };
  },
};
