// What a scenario works with: the log, its options, and the steps that most of them share.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Format } from '../../src/codec/codecs.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadedJob } from '../../src/config/loaded.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Backend } from '../../src/model/predictor.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import type { LoadPlan, LoadReport } from '../load/open-loop.ts';
import { mlp } from '../models/mlp.ts';
import { benchRepository, ensureModel } from '../models/repository.ts';
import { audit } from './audit.ts';
import type { BenchLog, Job, RunningDaemon, RunningJobs, RunningProcess } from './log.ts';
import { RanConfigs } from './ran-configs.ts';
import type { Findings } from './result.ts';

/**
 * What may be given on the command line; each scenario says which of them it knows, and their
 * defaults.
 */
export interface Options {
  readonly count: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly moves: number;
  readonly minutes: number;
  readonly workers: number;
  readonly rate: number;
  readonly rates: readonly number[];
  readonly partitions: number;
  readonly instances: number;
  readonly formats: readonly Format[];
  readonly models: readonly string[];
  readonly backends: readonly Backend[];
  readonly peers: readonly string[];
  readonly linger: number;
  readonly burst: number;
  readonly kinds: readonly string[];
  readonly rust: string;
}

/** What is done beside a load. */
export interface Beside {
  /** The load waits until it resolves. */
  begin(daemon: RunningDaemon): Promise<void>;
  /** When all is scored; the daemon works until it resolves. */
  end(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly measures: string;
  /** The daemon's configuration, in bench/scenarios/. */
  readonly config: string;
  /**
   * One to warm the broker up with, where its own has several jobs, or versions that are not there.
   */
  readonly warmUpConfig?: string;
  readonly defaults: Partial<Options>;
  /** Whether it needs a real broker. */
  readonly needsKafka?: boolean;
  /** False: it works without any. */
  readonly needsLog?: false;
  /** Rejects with `VoidRunError` when the output is not what it has to be. */
  run(bench: Bench): Promise<Findings>;
}

/** One way to run the daemon. */
export interface Case {
  readonly format: Format;
  readonly model: string;
  readonly backend: Backend;
  /** auto: as many as the daemon takes by itself. */
  readonly workers: number | 'auto';
  readonly settings?: readonly string[];
  /** Where long garbage collections are written down. */
  readonly collectionsFile?: string;
}

export interface BenchParts {
  readonly log: BenchLog;
  readonly options: Options;
  /** Path of the configuration file. */
  readonly config: string;
  /** The user's own settings: they win. */
  readonly settings: readonly string[];
  readonly say: (text: string) => void;
}

/** Whoever may end while something is waited for. */
type Failing = Pick<RunningProcess<unknown>, 'failed'>;

const POLL_MS = 50;
const START_TIMEOUT_MS = 60_000;
const WARM_UP = { records: 300_000, recordsPerSecond: 5_000, seconds: 15 };
/** Features of the usual record; wider ones are sent in smaller number. */
const USUAL_WIDTH = 30;

const topicsOf = (job: Job): string[] => [
  `input.topic=${job.input}`,
  `output.topic=${job.output}`,
  `deadLetters.topic=${job.deadLetters}`,
  `kafka.group.id=${job.group}`,
];

/** Of a file with jobs the first: they differ in their topics only. */
export function firstJob(file: string, flags: readonly string[]): Config {
  const { jobs } = loadConfig({ file, flags, environment: {} });
  return (jobs[0] as LoadedJob).config;
}

export class Bench {
  readonly log: BenchLog;
  readonly options: Options;
  readonly say: (text: string) => void;
  readonly #parts: BenchParts;
  /** What ran so far. */
  readonly ran = new RanConfigs();

  constructor(parts: BenchParts) {
    this.#parts = parts;
    this.log = parts.log;
    this.options = parts.options;
    this.say = parts.say;
  }

  /** The settings of one case on one job. */
  settings(job: Job, one: Case): string[] {
    return [...topicsOf(job), ...this.#settings(one)];
  }

  #settings({ format, model, backend, workers, settings = [] }: Case): string[] {
    ensureModel(model);
    return [
      `input.format=${format}`,
      `output.format=${format}`,
      `model.repository=${benchRepository()}`,
      `model.name=${model}`,
      `model.backend=${backend}`,
      `scoring.workers=${workers}`,
      ...settings,
      ...this.#parts.settings,
    ];
  }

  /** What the daemon of a case makes of its configuration. */
  config(job: Job, one: Case): Config {
    const flags = this.settings(job, one);
    return firstJob(this.#parts.config, flags);
  }

  startDaemon(job: Job, one: Case): Promise<RunningDaemon> {
    this.ran.add(one, this.config(job, one));
    return this.log.startDaemon(this.#parts.config, this.settings(job, one), one.collectionsFile);
  }

  /** Starts the jobs of the file in one process, and waits until they have their partitions. */
  async startJobs(jobs: Readonly<Record<string, Job>>, one: Case): Promise<RunningJobs> {
    const topics = Object.entries(jobs).flatMap(([name, job]) =>
      topicsOf(job).map((setting) => `jobs.${name}.${setting}`),
    );
    const flags = [...topics, ...this.#settings(one)];
    this.ran.add(one, firstJob(this.#parts.config, flags));
    const started = await this.log.startJobs(this.#parts.config, flags);
    const partitions = Object.values(jobs).reduce((sum, job) => sum + job.partitions, 0);
    await this.until(
      'the jobs to have their partitions',
      [started],
      async () => started.lanes() === partitions,
    );
    return started;
  }

  /** Starts daemons on an empty job and waits until they share its partitions. */
  async startReady(job: Job, one: Case, instances = 1): Promise<RunningDaemon[]> {
    const daemons = await Promise.all(Array.from({ length: instances }, () => this.startDaemon(job, one)));
    await this.until('the daemons to share the partitions', daemons, async () => {
      const lanes = daemons.map((daemon) => daemon.lanes());
      return lanes.reduce((sum, each) => sum + each, 0) === job.partitions && Math.min(...lanes) > 0;
    });
    return daemons;
  }

  /** As many records as the option says, fewer when they are wider. */
  countFor(model: string): number {
    const { width } = mlp(model);
    return Math.max(1, Math.round((this.options.count * Math.min(1, USUAL_WIDTH / width)) / 1000)) * 1000;
  }

  load(job: Job, one: Case, plan: Partial<LoadPlan>, signal?: AbortSignal): Promise<LoadReport> {
    const { width } = mlp(one.model);
    const whole: LoadPlan = {
      topic: job.input,
      format: one.format,
      width,
      first: 0,
      count: 0,
      recordsPerSecond: Number.POSITIVE_INFINITY,
      ...plan,
    };
    return this.log.load(whole, signal);
  }

  /** Waits until the group has committed the end of the input. */
  async caughtUp(job: Job, daemons: readonly Failing[], timeoutMs = 600_000): Promise<void> {
    await this.until(
      `${job.group} to commit the end of ${job.input}`,
      daemons,
      async () => {
        const [ends, committed] = await Promise.all([this.log.ends(job.input), this.log.committed(job)]);
        return ends.every(({ logEnd }, partition) => (committed[partition] ?? 0) >= logEnd);
      },
      timeoutMs,
    );
  }

  async until(
    what: string,
    daemons: readonly Failing[],
    isSo: () => Promise<boolean>,
    timeoutMs = START_TIMEOUT_MS,
  ): Promise<void> {
    const failed = Promise.race(daemons.map((daemon) => daemon.failed));
    failed.catch(() => {});
    const deadlineMs = performance.now() + timeoutMs;
    while (!(await isSo())) {
      if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
      await Promise.race([sleep(POLL_MS), failed]);
    }
  }

  /**
   * Closed loop: a topic filled before is drained by one daemon. Resolves to its summary, audited.
   */
  async drain(job: Job, one: Case, sent: number): Promise<Summary> {
    const daemon = await this.startDaemon(job, one);
    await this.caughtUp(job, [daemon]);
    const summary = await daemon.stop();
    await audit(this.log, { job, sent, scored: sent, format: one.format, model: one.model });
    return summary;
  }

  /** Open loop: daemons that are ready get `recordsPerSecond` for `seconds`. */
  async pace(
    job: Job,
    one: Case,
    recordsPerSecond: number,
    seconds: number,
    { begin = async () => {}, end = async () => {} }: Partial<Beside> = {},
  ): Promise<{ readonly summary: Summary; readonly load: LoadReport; readonly daemon: RunningDaemon }> {
    const [daemon] = (await this.startReady(job, one)) as [RunningDaemon];
    const count = Math.ceil(recordsPerSecond * seconds);
    await Promise.race([begin(daemon), daemon.failed]);
    const load = await Promise.race([this.load(job, one, { count, recordsPerSecond }), daemon.failed]);
    await this.caughtUp(job, [daemon]);
    await Promise.race([end(), daemon.failed]);
    const summary = await daemon.stop();
    await audit(this.log, { job, sent: count, scored: count, format: one.format, model: one.model });
    return { summary, load, daemon };
  }

  /**
   * Makes a broker that was just started compile what it will be measured with: full batches, then
   * many small ones.
   */
  async warmUp(): Promise<void> {
    const [one] = this.cases() as [Case];
    const job = await this.log.createJob(this.options.partitions);
    await this.load(job, one, { count: WARM_UP.records });
    const daemon = await this.startDaemon(job, one);
    await this.caughtUp(job, [daemon]);
    const { records, recordsPerSecond, seconds } = WARM_UP;
    await this.load(job, one, { first: records, count: recordsPerSecond * seconds, recordsPerSecond });
    await this.caughtUp(job, [daemon]);
    await daemon.stop();
    await this.log.deleteJob(job);
  }

  /** Every case of the options, in their order. */
  cases(): Case[] {
    const { formats, models, backends, workers } = this.options;
    return formats.flatMap((format) =>
      models.flatMap((model) => backends.map((backend) => ({ format, model, backend, workers }))),
    );
  }
}
