// The steps of a worker's work, each alone, one thread: nanoseconds a record.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { median } from '../../src/base/median.ts';
import type { Options, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import { type MicroCase, predictName, RECORDS, ROWS, type Timing, type Whole } from '../micro/steps.ts';

const KEYS = 1_000_000;
/** Records of one busy key that wait for the watermark, in ten minutes of grace. */
const WAITING = [10_000, 40_000];

export const micro: Scenario = {
  name: 'micro',
  measures:
    'ns a record of each step on the hot path: batch parse, readers, encoder, batch writer, predict by rows, all, ' +
    'windows of a million keys',
  config: 'micro.yaml',
  needsLog: false,
  defaults: {
    seconds: 0.5,
    rounds: 5,
    formats: ['msgpack', 'json'],
    models: ['mlp-30-64-32-1', 'mlp-300-64-32-1'],
    backends: ['wasm', 'native', 'onnx'],
  },
  async run({ options, say }) {
    const { formats, models, backends } = options;
    const runs = new Runs();
    const notes: string[] = [];
    const cases: MicroCase[] = models.flatMap((model): MicroCase[] => [
      ...formats.map((format) => ({ kind: 'steps' as const, format, model })),
      ...backends.map((backend) => ({ kind: 'predict' as const, model, backend })),
      ...backends.flatMap((backend) =>
        formats.map((format) => ({ kind: 'whole' as const, format, model, backend })),
      ),
    ]);
    cases.push(...besideEachOther(options));
    cases.push({ kind: 'windows', keys: KEYS });
    for (const waiting of WAITING) cases.push({ kind: 'waiting', waiting });
    for (const one of cases) {
      for (const { name, times, bytesPerKey } of await inThread(one, options)) {
        for (const time of times) runs.add(name, { time });
        if (bytesPerKey !== undefined)
          notes.push(`${name}: ${Math.round(bytesPerKey)} bytes of state for each key.`);
        say(`${name}: ${Math.round(median(times))} ns`);
      }
    }
    const predicted = models.flatMap((model) =>
      backends.map((backend) => ({
        name: `${model} ${backend}`,
        points: ROWS.map(
          (rows) => [rows, median(runs.figures(predictName(model, backend, rows), 'time'))] as const,
        ),
      })),
    );
    return {
      metrics: [
        {
          name: 'time',
          unit: 'ns/record',
          better: 'lower',
          digits: 0,
          meaning: 'wall time of this one step for each record, in a thread that does nothing else',
        },
      ],
      runs: runs.all,
      plots: [
        {
          title: 'One predict call by its rows',
          x: 'rows',
          y: 'ns a row',
          kind: 'logarithmic',
          series: predicted,
        },
        {
          title: 'Steps, ns a record',
          x: '',
          y: 'ns',
          kind: 'bars',
          series: [
            {
              name: 'ns',
              points: runs.all
                .filter(({ name }) => !name.startsWith('predict'))
                .map(({ name, figures }) => [name, median(figures.time ?? [])] as const),
            },
          ],
        },
      ],
      goals: [],
      notes: [
        ...notes,
        `Batches of ${RECORDS} records. "whole task" is all that a worker does for one. The general readers decode objects: the fallback.`,
        'Tune: scoring.predictRecords where the predict curve is flat; model.backend where it is lowest.',
      ],
    };
  },
};

/**
 * Two models on one thread that have as little in common as can be, each timed beside the other.
 */
function besideEachOther({ formats, models, backends }: Options): MicroCase[] {
  const [backend] = backends;
  if (backend === undefined) return [];
  const whole = (index: number): Whole[] => {
    const [format, model] = [formats[index], models[index]];
    return format === undefined || model === undefined ? [] : [{ kind: 'whole', format, model, backend }];
  };
  const [first, second] = [...whole(0), ...whole(1)];
  if (first === undefined || second === undefined) return [];
  return [
    { kind: 'beside', one: first, other: second },
    { kind: 'beside', one: second, other: first },
  ];
}

/** Rejects with what the thread threw. */
async function inThread(one: MicroCase, { seconds, rounds }: Options): Promise<readonly Timing[]> {
  const worker = new Worker(new URL('../micro/worker.ts', import.meta.url), {
    workerData: { one, seconds, rounds },
  });
  const [timings] = (await once(worker, 'message')) as [readonly Timing[]];
  await worker.terminate();
  return timings;
}
