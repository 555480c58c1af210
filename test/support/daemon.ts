// The daemon and its load source as a user runs them: processes of their own, told apart by
// configuration only.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../../src/telemetry/meter.ts';
import { endsWithUs } from '../../tools/at-end.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import { until } from './until.ts';
import { verify } from './verify.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');

/** One job of a test: its own topics and group on a broker. */
export interface Job {
  readonly address: string;
  readonly group: string;
  readonly input: string;
  readonly results: string;
  readonly deadLetters: string;
  readonly settings: readonly string[];
}

let names = 0;

export async function newJob(
  address: string,
  settings: readonly string[] = [],
  partitions = 4,
  replicationFactor = 1,
): Promise<Job> {
  const name = `job-${process.pid}-${names++}`;
  const job = {
    address,
    group: name,
    input: `${name}-in`,
    results: `${name}-out`,
    deadLetters: `${name}-dead`,
    settings,
  };
  const counts = { [job.input]: partitions, [job.results]: partitions, [job.deadLetters]: partitions };
  await createTopics(address, counts, {}, replicationFactor);
  return job;
}

export const flags = (job: Job, more: readonly string[]): string[] =>
  [
    `kafka.bootstrap.servers=${job.address}`,
    `kafka.group.id=${job.group}`,
    'kafka.session.timeout.ms=6000',
    'kafka.heartbeat.interval.ms=300',
    `input.topic=${job.input}`,
    `output.topic=${job.results}`,
    `deadLetters.topic=${job.deadLetters}`,
    'output.format=msgpack',
    // To measure all of them takes as long as the rest of a start.
    'model.backend=wasm',
    ...job.settings,
    ...more,
  ].flatMap((setting) => ['--set', setting]);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
}

/** State dumps, which are for whoever looks into a trouble. */
const isMeantToStay = (name: string): boolean => /^scorelane-dump-/.test(name);

/** What only tests have in their environment: libraries do less where they see it. */
const LIKE_A_USERS = { CI: undefined, ORT_DISABLE_TELEMETRY: undefined };

/**
 * A running command; what it prints and logs is kept. If it is not killed it must leave nothing in
 * the temp folder.
 */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = '';
  /** Of that, what came on standard output. */
  printed = '';

  /** `output`: file descriptors in place of what is kept. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    output: { readonly stdout?: number; readonly stderr?: number } = {},
  ) {
    const temporary = tempFolder('program');
    this.child = endsWithUs(
      spawn(process.execPath, [MAIN, ...args], {
        cwd: ROOT,
        env: { ...process.env, ...LIKE_A_USERS, TMPDIR: temporary, ...environment },
        stdio: ['ignore', output.stdout ?? 'pipe', output.stderr ?? 'pipe'],
      }),
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.out += text;
        if (stream === this.child.stdout) this.printed += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('close', (code, signal) => {
        const left = signal === null ? readdirSync(temporary).filter((name) => !isMeantToStay(name)) : [];
        if (left.length === 0) resolve({ code, signal, out: this.out });
        else reject(new Error(`${args.join(' ')}: left ${left.join(', ')} in the temp folder:\n${this.out}`));
      });
    });
  }

  async says(words: string | RegExp): Promise<void> {
    await until(`${words} in:\n${this.out}`, () => {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}:\n${this.out}`);
      return this.out.search(words) >= 0;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Starts the daemon and waits until it has its partitions. */
export async function startDaemon(
  job: Job,
  settings: readonly string[] = [],
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const words = ['run', '--config', 'config/kafka.yaml', ...flags(job, settings), ...args];
  const daemon = new Program(words, environment);
  await daemon.says('"msg":"assigned"');
  return daemon;
}

export const summaryFile = (): string => join(tempFolder('summary'), 'summary.json');
export const readSummary = (file: string): Summary => JSON.parse(readFileSync(file, 'utf8')) as Summary;

/** Sends records to the job's input and waits until all are there. */
export async function produce(job: Job, count: number, ...args: string[]): Promise<void> {
  const { code, out } = await startLoad(job, count, ...args).ended;
  if (code !== 0) throw new Error(`produce ended with ${code}:\n${out}`);
}

export const startLoad = (job: Job, count: number, ...args: string[]): Program =>
  new Program([
    'produce',
    '--config',
    'config/kafka.yaml',
    ...flags(job, []),
    '--count',
    String(count),
    ...args,
  ]);

/**
 * Waits until the group has committed the end of every partition of the input. What the daemon said
 * tells why not.
 */
export async function allCommitted(
  job: Job,
  kafka: import('kafkajs').Kafka,
  daemon?: Program,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await until(
      `${job.group} to commit the end of ${job.input}`,
      async () => {
        const [ends, [found]] = await Promise.all([
          admin.fetchTopicOffsets(job.input),
          admin.fetchOffsets({ groupId: job.group, topics: [job.input] }),
        ]);
        return ends.every(
          ({ partition, high }) =>
            high === '0' ||
            found?.partitions.some((each) => each.partition === partition && each.offset === high),
        );
      },
      120_000,
    );
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${daemon?.out ?? ''}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}

export interface Audit {
  readonly inputs: number;
  readonly bad: number;
  readonly results: number;
  readonly deadLetters: number;
  readonly missing: number;
  readonly repeats: number;
  readonly wronglyDead: number;
  /** Of these, those whose result its topic did not take. */
  readonly refused: number;
  readonly wronglyScored: number;
  readonly rewinds: number;
  readonly wrongKey: number;
  readonly wrongTimestamp: number;
  readonly wrongPartition: number;
  readonly wrongId: number;
  readonly deadUntouched: boolean;
  readonly codes: Readonly<Record<string, number>>;
  readonly worstDifference: number;
  readonly uncommitted: number;
  readonly resultsAboveCommitted: number;
}

/** Audits the job with Python: librdkafka reads, TensorFlow scores. */
export async function audit(job: Job, format: 'msgpack' | 'json' = 'msgpack'): Promise<Audit> {
  const model = join(ROOT, 'native-models', 'creditcard', '1');
  const { address, group, input, results, deadLetters } = job;
  const printed = await verify(address, group, input, results, deadLetters, model, format);
  return JSON.parse(printed) as Audit;
}

/** What an audit finds when every record was scored exactly once and all is committed. */
export const perfect = (inputs: number): Omit<Audit, 'worstDifference' | 'codes'> => ({
  inputs,
  bad: 0,
  results: inputs,
  deadLetters: 0,
  missing: 0,
  repeats: 0,
  wronglyDead: 0,
  refused: 0,
  wronglyScored: 0,
  rewinds: 0,
  wrongKey: 0,
  wrongTimestamp: 0,
  wrongPartition: 0,
  wrongId: 0,
  deadUntouched: true,
  uncommitted: 0,
  resultsAboveCommitted: 0,
});
