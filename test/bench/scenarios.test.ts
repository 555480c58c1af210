// Every scenario of the bench for a second or two, so that the harness cannot rot: on the embedded
// log, in this process. What needs Kafka runs in test/system/bench.test.ts.

import '../../src/process.ts';
import { join } from 'node:path';
import test from 'ava';
import { firstJob, type Options } from '../../bench/harness/bench.ts';
import { memoryLog } from '../../bench/harness/memory-log.ts';
import { runScenario } from '../../bench/harness/run-scenario.ts';
import { html } from '../../bench/report/html.ts';
import { markdown } from '../../bench/report/markdown.ts';
import { SCENARIOS } from '../../bench/scenarios/index.ts';
import { ROOT } from '../support/daemon.ts';

const small = { backends: ['wasm'], formats: ['msgpack'], models: ['mlp-30-64-32-1'] } as const;

/** Each as small as it still measures something. */
const SMALL: Readonly<Record<string, Partial<Options>>> = {
  throughput: { ...small, formats: ['msgpack', 'json'], count: 20_000 },
  latency: { ...small, rates: [1_000], seconds: 1.5, warmUp: 0.3 },
  overload: { ...small, models: ['mlp-30-256-256-1'], count: 2_000, seconds: 1 },
  jobs: { ...small, count: 20_000, rounds: 1, seconds: 0.5, warmUp: 0.1 },
  scaling: { ...small, models: ['mlp-30-256-256-1'], count: 4_000, workers: 2, instances: 2, partitions: 2 },
  startup: { ...small, rounds: 1, seconds: 1 },
  soak: { ...small, minutes: 4 / 60, rate: 2_000 },
  windows: { ...small, count: 20_000 },
  micro: { ...small, seconds: 0.005, rounds: 2 },
};

test('the broker is warmed up with a version that every machine has', (t) => {
  for (const { name, config, warmUpConfig = config } of SCENARIOS)
    t.true(
      ['1', 'latest'].includes(firstJob(join(ROOT, 'bench', 'scenarios', warmUpConfig), []).model.version),
      name,
    );
});

for (const scenario of SCENARIOS.filter(({ needsKafka }) => needsKafka !== true)) {
  test.serial(`${scenario.name}: measures, audits what came out, and reports`, async (t) => {
    const said: string[] = [];
    const result = await runScenario(scenario, memoryLog(), {
      options: SMALL[scenario.name] as Partial<Options>,
      // Enough reports for a slope and a time line.
      settings: scenario.name === 'micro' ? [] : ['telemetry.reportEvery=100ms', 'telemetry.warmUp=0ms'],
      command: `npm run bench -- ${scenario.name}`,
      say: (text) => said.push(text),
    });
    t.true(said.length > 0 && result.runs.length > 0 && result.plots.length > 0);
    for (const { name, figures } of result.runs) {
      for (const { name: metric } of result.metrics) {
        const rounds = figures[metric] ?? [];
        t.true(rounds.length > 0 && rounds.every(Number.isFinite), `${name}: ${metric} is ${rounds}`);
      }
    }
    for (const { title, series } of result.plots) {
      t.true(series.length > 0 && series.every(({ points }) => points.length > 0), title);
      t.true(
        series.every(({ points }) => points.every(([, y]) => Number.isFinite(y))),
        title,
      );
    }
    const text = markdown(result);
    const page = html(result);
    for (const { name } of result.runs) t.true(text.includes(`| ${name} `) && page.includes(name));
    t.is(page.match(/<svg/g)?.length, result.plots.length);
    t.notRegex(page, /<script|<link|<img|url\(http/, 'the page needs nothing else');
  });
}

test('every scenario is run by a test: those that need Kafka in test/system', (t) => {
  t.deepEqual(
    SCENARIOS.map(({ name }) => name).toSorted(),
    [...Object.keys(SMALL), 'peers', 'live', 'tracing', 'http', 'swap', 'shadow', 'replay'].toSorted(),
  );
});
