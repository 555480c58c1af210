// Closed loop: how fast a topic that was filled before is drained, and what that costs.

import { median } from '../../src/base/median.ts';
import type { Scenario } from '../harness/bench.ts';
import { Runs, THROUGHPUT, throughputFigures } from '../harness/figures.ts';
import { cpuPlot, throughputPlot } from '../harness/plots.ts';
import { mlp } from '../models/mlp.ts';
import { Workload } from '../workload.ts';

export const throughput: Scenario = {
  name: 'throughput',
  measures: 'closed loop: records/s and MB/s of a pre-filled topic, CPU by thread, GC, event loop, memory',
  config: 'throughput.yaml',
  defaults: {
    count: 3_000_000,
    rounds: 1,
    workers: 2,
    partitions: 4,
    formats: ['msgpack', 'json'],
    models: ['mlp-30-64-32-1', 'mlp-30-256-128-1', 'mlp-300-64-32-1', 'mlp-300-256-128-1'],
    backends: ['wasm', 'native', 'onnx'],
  },
  async run(bench) {
    const { log, options, say } = bench;
    const runs = new Runs();
    const notes = [];
    for (const format of options.formats) {
      for (const model of options.models) {
        const count = bench.countFor(model);
        const bytes = new Workload(format, mlp(model).width).value(0).length;
        for (let round = 0; round < options.rounds; round++) {
          for (const backend of options.backends) {
            const one = { format, model, backend, workers: options.workers };
            const job = await log.createJob(options.partitions);
            const sent = await bench.load(job, one, { count });
            const summary = await bench.drain(job, one, count);
            await log.deleteJob(job);
            const name = `${format} ${model} ${backend}`;
            const figures = throughputFigures(summary);
            const volume = (summary.recordsPerSecond * bytes) / 1e6;
            runs.add(name, { ...figures, volume }, summary.seconds);
            say(
              `${name}: ${summary.recordsPerSecond} records/s at ${summary.cpuMicrosPerRecord} us, audited`,
            );
            if (round === 0 && backend === options.backends[0]) {
              const rate = Math.round(sent.sent / sent.seconds);
              notes.push(
                `${format} ${model}: values of ${bytes} bytes, ${count} records, sent at ${rate} a second for ` +
                  `${sent.cpuMicrosPerRecord.toFixed(2)} us of CPU each before the run`,
              );
            }
          }
        }
      }
    }
    const medians = runs.all.map(
      ({ name, figures }) =>
        [
          name,
          Object.fromEntries(Object.entries(figures).map(([metric, all]) => [metric, median(all)])),
        ] as const,
    );
    return {
      metrics: [
        ...THROUGHPUT.slice(0, 1),
        {
          name: 'volume',
          unit: 'MB/s',
          better: 'higher',
          digits: 0,
          meaning: 'the bytes of the values of these records, without keys and headers',
        },
        ...THROUGHPUT.slice(1),
      ],
      runs: runs.all,
      plots: [throughputPlot(runs.all), cpuPlot(medians)],
      goals: [],
      notes: [...runs.tooShort, ...notes],
    };
  },
};
