// How fast history is scored again: a topic drained by the live job, and then replayed with one
// version and with one against another, without and with windows, in one run.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../../src/base/median.ts';
import type { ReplayReport } from '../../src/rescoring/report.ts';
import { endsWithUs } from '../../tools/at-end.ts';
import { lastWords } from '../../tools/last-words.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { Job } from '../harness/log.ts';
import { type Goal, type Metric, VoidRunError } from '../harness/result.ts';
import { makeVersions, makeVersionsWithWindows } from '../models/repository.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** Beside the live job a replay must keep up with it, whether it scores one version or two. */
const SHARE_WANTED = 1;

const metrics: readonly Metric[] = (
  [
    ['live', 'records/s', 0, 'the live job, which drains the topic and writes its results'],
    ['one', 'records/s', 0, 'a replay of all of it with one version, from when its first records have come'],
    ['one, of live', 'times', 2, 'the same, of the live job of its round'],
    ['two', 'records/s', 0, 'a replay with that version against another one with the same features'],
    ['two, of live', 'times', 2, 'the same, of the live job of its round'],
  ] as const
).map(([name, unit, digits, meaning]) => ({ name, unit, better: 'higher', digits, meaning }));

/** The report of a replay of the whole topic, with these words more. Rejects if it has failed. */
async function replayed(bench: Bench, job: Job, one: Case, words: readonly string[]): Promise<ReplayReport> {
  const folder = tempFolder('bench-replay');
  const [file, state] = [join(folder, 'report.json'), join(folder, 'state.json')];
  const settings = [`kafka.bootstrap.servers=${bench.log.address}`, ...bench.settings(job, one)];
  const range = ['--from', 'earliest', '--to', 'latest', '--json', file, '--state', state, '--quiet'];
  const config = join(import.meta.dirname, 'replay.yaml');
  const flags = ['--config', config, ...settings.flatMap((each) => ['--set', each])];
  const child = endsWithUs(
    spawn(process.execPath, [MAIN, 'replay', ...flags, ...range, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  const said = lastWords(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the replay ended with ${code}:\n${said()}`);
  return JSON.parse(readFileSync(file, 'utf8')) as ReplayReport;
}

async function round(bench: Bench, one: Case, name: string, count: number): Promise<readonly number[]> {
  const job = await bench.log.createJob(bench.options.partitions);
  await bench.load(job, one, { count });
  const live = await bench.drain(job, one, count);
  const alone = await replayed(bench, job, one, ['--model', `${name}@1`]);
  const both = await replayed(bench, job, one, ['--model', `${name}@1`, '--against', '2']);
  await bench.log.deleteJob(job);
  for (const { records, candidate } of [alone, both])
    if (records !== count || candidate.scored !== count)
      throw new VoidRunError(`the replay scored ${candidate.scored} of ${records}, and ${count} were sent`);
  if (both.comparison?.both !== count || both.candidate.scores.mean !== alone.candidate.scores.mean)
    throw new VoidRunError('a version scored otherwise against another one than alone');
  return [live.recordsPerSecond, alone.recordsPerSecond ?? 0, both.recordsPerSecond ?? 0];
}

export const replay: Scenario = {
  name: 'replay',
  measures: 'records/s of a replay with one version, and with one against another, of those of the live job',
  config: 'replay.yaml',
  needsKafka: true,
  defaults: {
    count: 3_000_000,
    rounds: 3,
    workers: 1,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['native'],
  },
  async run(bench) {
    const { options, say } = bench;
    const runs = new Runs();
    for (const one of bench.cases()) {
      const windows = makeVersionsWithWindows(one.model, 2);
      const kinds = [
        { kind: 'without windows', name: one.model, repository: makeVersions(one.model, 2) },
        { kind: 'with twelve windows', ...windows },
      ];
      for (let number = 0; number < options.rounds; number++)
        for (const { kind, name, repository } of kinds) {
          const settings = [`model.repository=${repository}`, `model.name=${name}`];
          const [live, alone, both] = await round(bench, { ...one, settings }, name, options.count);
          const [liveRate, aloneRate, bothRate] = [live ?? 0, alone ?? 0, both ?? 0];
          const figures = {
            live: liveRate,
            one: aloneRate,
            'one, of live': aloneRate / liveRate,
            two: bothRate,
            'two, of live': bothRate / liveRate,
          };
          const run = `${one.format} ${one.model} ${one.backend} ${kind}`;
          runs.add(run, figures, options.count / Math.max(liveRate, aloneRate, bothRate));
          say(
            `${run}: ${liveRate} records/s live, audited; replayed ${figures['one, of live'].toFixed(2)} times as fast with one ` +
              `version, ${figures['two, of live'].toFixed(2)} times with two`,
          );
        }
    }
    return {
      metrics,
      runs: runs.all,
      plots: [
        {
          title: 'The live job, and replays of what it scored',
          x: '',
          y: 'records/s',
          kind: 'bars',
          series: ['live', 'one', 'two'].map((metric) => ({
            name: metric,
            points: runs.all.map(({ name, figures }) => [name, median(figures[metric] ?? [])] as const),
          })),
        },
      ],
      goals: runs.all.flatMap(({ name, figures }) =>
        ['one', 'two'].map((versions): Goal => {
          const share = median(figures[`${versions}, of live`] ?? []);
          return {
            what: `${name}: a replay with ${versions === 'one' ? 'one version' : 'two versions'}, of the live job`,
            wanted: `at least ${SHARE_WANTED.toFixed(2)}`,
            measured: share.toFixed(2),
            isMet: share >= SHARE_WANTED,
          };
        }),
      ),
      notes: [
        ...runs.tooShort,
        'Each round fills a topic, drains it with the live job, and replays it twice. The rate of the live job is measured after ' +
          'its warm-up; that of a replay from when its first records have come, with the time in which code is compiled.',
      ],
    };
  },
};
