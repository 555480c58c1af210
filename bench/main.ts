// `npm run bench -- peers [--brokers ADDRESS] [--count N] [--rounds N]`: scores the same topic with the daemon and with
// what people write today, in turn, in one run, and prints the ratio. The other scenarios are not there yet.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import '../src/process.ts';
import { FORMATS } from '../src/codec/codecs.ts';
import { loadKafkaJs } from '../src/kafka/seam.ts';
import { readManifest } from '../src/model/manifest.ts';
import type { Summary } from '../src/telemetry/meter.ts';
import { type Broker, startBroker } from '../tools/broker.ts';
import { run } from '../tools/run.ts';
import { createTopics } from '../tools/topics.ts';
import type { LoadReport } from './load/open-loop.ts';
import { benchRepository, ensureModel } from './models/repository.ts';

const root = join(import.meta.dirname, '..');
const INPUT = `bench-${Date.now()}`;
const OUTPUT = `${INPUT}-out`;
const DEAD = `${INPUT}-dead`;
const PARTITIONS = 4;

interface Measured {
  readonly name: string;
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
  readonly mainMicrosPerRecord?: number;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    brokers: { type: 'string' },
    count: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    model: { type: 'string', default: 'mlp-30-64-32-1' },
    format: { type: 'string', default: 'msgpack' },
  },
});
const isFormat = FORMATS.some((format) => format === values.format);
if (positionals[0] !== 'peers' || !isFormat || !(Number(values.count) > 0)) {
  console.error(
    'usage: npm run bench -- peers [--brokers ADDRESS] [--count N] [--rounds N] [--workers N] ' +
      '[--model mlp-30-64-32-1] [--format msgpack|json]',
  );
  process.exit(64);
}
const count = Number(values.count);
const modelFolder = modelOf(values.model);
const { width } = readManifest(modelFolder);

const own: Broker | undefined = values.brokers === undefined ? await startBroker() : undefined;
const address = values.brokers ?? (own as Broker).address;
try {
  await createTopics(address, { [INPUT]: PARTITIONS, [OUTPUT]: PARTITIONS, [DEAD]: PARTITIONS });
  const plan = { topic: INPUT, format: values.format, width, first: 0, count, recordsPerSecond: null };
  const loader = join(root, 'bench', 'load', 'process.ts');
  const filled = await run(process.execPath, [loader, '--brokers', address, '--plan', JSON.stringify(plan)]);
  const { sent, seconds, cpuMicrosPerRecord } = JSON.parse(filled) as LoadReport;
  console.log(
    `sent ${sent} records of ${values.format} for ${values.model} in ${seconds.toFixed(1)} s, ` +
      `${Math.round(sent / seconds)} a second at ${cpuMicrosPerRecord.toFixed(2)} us of CPU`,
  );
  const measured: Measured[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const backend of ['wasm', 'native']) {
      measured.push(await checked(() => eachBatch(backend)), await checked(() => daemon(backend)));
    }
  }
  report(measured);
} finally {
  await own?.stop();
}

function modelOf(name: string): string {
  try {
    return ensureModel(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exit(64);
  }
}

function flags(...more: string[]): string[] {
  const settings = [
    `kafka.bootstrap.servers=${address}`,
    `input.topic=${INPUT}`,
    `input.format=${values.format}`,
    `output.format=${values.format}`,
    `model.repository=${benchRepository()}`,
    `model.name=${values.model}`,
    `output.topic=${OUTPUT}`,
    `deadLetters.topic=${DEAD}`,
    ...more,
  ];
  return ['--config', 'config/kafka.yaml', ...settings.flatMap((setting) => ['--set', setting])];
}

async function eachBatch(backend: string): Promise<Measured> {
  const script = join(root, 'bench', 'peers', 'each-batch.ts');
  const group = `each-batch-${Date.now()}`;
  const args = [
    '--brokers',
    address,
    '--input',
    INPUT,
    '--output',
    OUTPUT,
    '--group',
    group,
    '--backend',
    backend,
    '--model',
    modelFolder,
    '--format',
    values.format,
  ];
  const printed = await run(process.execPath, [script, ...args, '--count', String(count)], {
    cwd: root,
    env: { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' },
  });
  const line = printed.split('\n').find((each) => each.startsWith('{')) as string;
  return { name: `eachBatch, ${backend}`, ...(JSON.parse(line) as Omit<Measured, 'name'>) };
}

/** Runs the daemon until its group has committed the end of the input. */
async function daemon(backend: string): Promise<Measured> {
  const group = `scorelane-${Date.now()}`;
  const summaryFile = join(mkdtempSync(join(tmpdir(), 'scorelane-bench-')), 'summary.json');
  const settings = flags(
    `kafka.group.id=${group}`,
    `model.backend=${backend}`,
    `scoring.workers=${values.workers}`,
  );
  const child = spawn(
    process.execPath,
    [join(root, 'src', 'main.ts'), 'run', ...settings, '--summary', summaryFile],
    { cwd: root, stdio: 'ignore' },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await committed(group);
  child.kill('SIGTERM');
  if ((await ended) !== 0) throw new Error('the daemon did not end in order');
  const { scored, recordsPerSecond, cpuMicrosPerRecord, mainThreadCpuMicrosPerRecord } = JSON.parse(
    readFileSync(summaryFile, 'utf8'),
  ) as Summary;
  if (scored !== count) throw new Error(`the daemon scored ${scored} of ${count}: the run is void`);
  return {
    name: `scorelane, ${backend}`,
    recordsPerSecond,
    cpuMicrosPerRecord,
    mainMicrosPerRecord: mainThreadCpuMicrosPerRecord,
  };
}

/** Runs a scorer, and holds what it says against the log: as many new results as inputs, or the run is void. */
async function checked(score: () => Promise<Measured>): Promise<Measured> {
  const before = await logEnd(OUTPUT);
  const measured = await score();
  const results = (await logEnd(OUTPUT)) - before;
  if (results < count)
    throw new Error(`${measured.name} left ${results} results for ${count} records: the run is void`);
  return measured;
}

async function logEnd(topic: string): Promise<number> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

async function committed(group: string): Promise<void> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    for (;;) {
      const [ends, [found]] = await Promise.all([
        admin.fetchTopicOffsets(INPUT),
        admin.fetchOffsets({ groupId: group, topics: [INPUT] }),
      ]);
      const at = new Map(found?.partitions.map(({ partition, offset }) => [partition, offset]));
      if (ends.every(({ partition, high }) => at.get(partition) === high)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await admin.disconnect();
  }
}

function report(measured: readonly Measured[]): void {
  const median = (numbers: readonly number[]): number =>
    numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
  console.log('\n| scorer | records/s, each round | median | CPU us a record | of it main thread |');
  console.log('| --- | --- | --- | --- | --- |');
  const medians = new Map<string, number>();
  for (const [name, runs] of Map.groupBy(measured, (each) => each.name)) {
    const rates = runs.map(({ recordsPerSecond }) => Math.round(recordsPerSecond));
    medians.set(name, median(rates));
    const cpu = median(runs.map(({ cpuMicrosPerRecord }) => cpuMicrosPerRecord)).toFixed(2);
    const main = median(runs.map(({ mainMicrosPerRecord }) => mainMicrosPerRecord ?? Number.NaN)).toFixed(2);
    console.log(
      `| ${name} | ${rates.join(', ')} | ${median(rates)} | ${cpu} | ${main === 'NaN' ? '' : main} |`,
    );
  }
  for (const backend of ['wasm', 'native']) {
    const ratio = (medians.get(`scorelane, ${backend}`) ?? 0) / (medians.get(`eachBatch, ${backend}`) ?? 0);
    console.log(`\nscorelane is ${ratio.toFixed(1)} times eachBatch on ${backend}`);
  }
}
