// The same topic and model scored by what people write today, and by the daemon, in turn. A peer
// may take `seconds` at most; ratios are of the same round.

import { join } from 'node:path';
import { median } from '../../src/base/median.ts';
import { ensurePython } from '../../tools/python.ts';
import { run } from '../../tools/run.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs, THROUGHPUT, throughputFigures } from '../harness/figures.ts';
import { ONE_THREAD } from '../harness/kafka-log.ts';
import type { Job } from '../harness/log.ts';
import { throughputPlot } from '../harness/plots.ts';
import { atLeast, type Goal, ratio } from '../harness/result.ts';
import { ensureModel } from '../models/repository.ts';
import type { PeerReport } from '../peers/peer.ts';

const scripts = join(import.meta.dirname, '..', 'peers');

interface Peer {
  readonly name: string;
  /** The program and its script. */
  readonly command: readonly string[];
  readonly backends: readonly string[];
}

export const PEERS = ['eachBatch', 'eachMessage', 'python'] as const;

export const peers: Scenario = {
  name: 'peers',
  measures:
    'the same topic and model scored by kafkajs eachMessage and eachBatch, batched Python, and scorelane',
  config: 'throughput.yaml',
  needsKafka: true,
  defaults: {
    count: 3_000_000,
    seconds: 15,
    warmUp: 1,
    rounds: 3,
    workers: 2,
    partitions: 4,
    formats: ['msgpack', 'json'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm', 'native'],
    peers: PEERS,
  },
  async run(bench) {
    const { options } = bench;
    const runs = new Runs();
    const notes = [
      'Each ratio is of the fastest scorelane to the fastest variant of the peer, in the same round.',
    ];
    const others = await available(bench, notes);
    for (const format of options.formats) {
      for (const model of options.models) {
        const job = await bench.log.createJob(options.partitions);
        const count = bench.countFor(model);
        const one: Case = { format, model, backend: 'native', workers: options.workers };
        const sent = await bench.load(job, one, { count });
        notes.push(
          `${format} ${model}: ${count} records, sent at ${Math.round(sent.sent / sent.seconds)} a second for ` +
            `${sent.cpuMicrosPerRecord.toFixed(2)} us of CPU each before the runs`,
        );
        for (let round = 0; round < options.rounds; round++) {
          for (const peer of others) {
            for (const backend of peer.backends) await measurePeer(bench, runs, job, one, peer, backend);
          }
          for (const backend of options.backends) await measureDaemon(bench, runs, job, { ...one, backend });
        }
        await bench.log.deleteJob(job);
      }
    }
    const goals = options.formats.flatMap((format) =>
      options.models.flatMap((model) => goalsOf(runs, `${format} ${model}`, format)),
    );
    const ours = runs.all.map(({ name }) => name).filter((name) => name.includes(' scorelane '));
    return {
      metrics: THROUGHPUT,
      runs: runs.all,
      plots: [throughputPlot(runs.all, ours)],
      goals,
      notes: [...runs.tooShort, ...notes],
    };
  },
};

async function available({ options, say }: Bench, notes: string[]): Promise<Peer[]> {
  const node = (script: string): string[] => [process.execPath, join(scripts, script)];
  const found: Peer[] = [];
  if (options.peers.includes('eachMessage'))
    found.push({ name: 'eachMessage', command: node('each-message.ts'), backends: ['native'] });
  if (options.peers.includes('eachBatch'))
    found.push({ name: 'eachBatch', command: node('each-batch.ts'), backends: options.backends });
  if (options.peers.includes('python')) {
    say('installing Python with librdkafka, TensorFlow and onnxruntime, if it is not there');
    try {
      const { executable } = await ensurePython();
      const command = [executable, join(scripts, 'batched.py')];
      found.push({ name: 'Python', command, backends: ['onnxruntime', 'tensorflow'] });
    } catch (error) {
      notes.push(`NOT MEASURED: Python, for ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return found;
}

let groups = 0;
const newGroup = (job: Job): string => `${job.group}-${groups++}`;

/** Results of one scorer go to topics of their own, so that each audit sees its own. */
async function withOutput<T>({ log }: Bench, job: Job, measure: (job: Job) => Promise<T>): Promise<T> {
  const own = await log.createJob(job.partitions);
  const result = await measure({ ...own, input: job.input, group: newGroup(job) });
  await log.deleteJob(own);
  return result;
}

async function measurePeer(
  bench: Bench,
  runs: Runs,
  job: Job,
  { format, model }: Case,
  { name, command, backends }: Peer,
  backend: string,
): Promise<void> {
  const { count, seconds, warmUp } = { ...bench.options, count: bench.countFor(model) };
  const figures = await withOutput(bench, job, async (own) => {
    const values = {
      brokers: bench.log.address,
      input: own.input,
      output: own.output,
      group: own.group,
      model: ensureModel(model),
      format,
      backend,
      count: String(count),
      seconds: String(seconds),
      'warm-up': String(warmUp),
    };
    const flags = Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, value]);
    const [program, ...script] = command as [string, ...string[]];
    const printed = await run(program, [...script, ...flags], { env: ONE_THREAD });
    const report = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as PeerReport;
    await audit(bench.log, { job: own, sent: count, scored: report.scored, format, model });
    return { throughput: report.recordsPerSecond, CPU: report.cpuMicrosPerRecord };
  });
  const full = `${format} ${model} ${name}${backends.length > 1 ? ` ${backend}` : ''}`;
  runs.add(full, figures);
  bench.say(`${full}: ${Math.round(figures.throughput)} records/s at ${figures.CPU.toFixed(2)} us, audited`);
}

async function measureDaemon(bench: Bench, runs: Runs, job: Job, one: Case): Promise<void> {
  const summary = await withOutput(bench, job, (own) => bench.drain(own, one, bench.countFor(one.model)));
  const full = `${one.format} ${one.model} scorelane ${one.backend}`;
  runs.add(full, throughputFigures(summary), summary.seconds);
  bench.say(`${full}: ${summary.recordsPerSecond} records/s at ${summary.cpuMicrosPerRecord} us, audited`);
}

/** The best of a scorer's variants, round by round. */
function best(runs: Runs, prefix: string, metric: string, pick: (...figures: number[]) => number): number[] {
  const variants = runs.all
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ figures }) => figures[metric] ?? []);
  return (variants[0] ?? []).map((_, round) =>
    pick(...variants.map((rounds) => rounds[round] ?? Number.NaN)),
  );
}

const WANTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  msgpack: { eachBatch: 10, 'Python onnxruntime': 6.5, eachMessage: 200 },
  json: { eachBatch: 5 },
};
const CPU_WANTED = 8;

function goalsOf(runs: Runs, prefix: string, format: string): Goal[] {
  const ratios = (peer: string, metric: string, pick: (...figures: number[]) => number): number[] => {
    const ours = best(runs, `${prefix} scorelane`, metric, pick);
    return best(runs, `${prefix} ${peer}`, metric, pick).map(
      (theirs, round) => (ours[round] ?? Number.NaN) / theirs,
    );
  };
  const spread = (all: readonly number[]): string =>
    all.length > 1 ? ` (${ratio(Math.min(...all))} to ${ratio(Math.max(...all))})` : '';
  const goals: Goal[] = [];
  for (const [peer, wanted] of Object.entries(WANTED[format] ?? {})) {
    const all = ratios(peer, 'throughput', Math.max);
    if (all.length === 0) continue;
    const goal = atLeast(`${prefix}: throughput against ${peer}`, wanted, median(all));
    goals.push({ ...goal, measured: goal.measured + spread(all) });
  }
  const cpu = ratios('eachBatch', 'CPU', Math.min).map((each) => 1 / each);
  if (format === 'msgpack' && cpu.length > 0) {
    const goal = atLeast(`${prefix}: CPU of a record, eachBatch against ours`, CPU_WANTED, median(cpu));
    goals.push({ ...goal, measured: goal.measured + spread(cpu) });
  }
  return goals;
}
