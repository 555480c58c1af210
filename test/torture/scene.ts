// What the torture is done to: real brokers, load that goes on, daemons in one group, and a look at
// how far they have come.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import { tempFolder } from '../../tools/temp-folder.ts';
import { type Job, newJob, type Program, startDaemon, startLoad } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { POISON_FILE, type Poison } from './poison.ts';
import type { Subject } from './subject.ts';

export const PARTITIONS = 4;
/** Everything must be scored so soon after a fault has ended. */
const HEALED_MS = 120_000;

/** What a broker says after a start or an election, for a while. */
const PASSING: ReadonlySet<string> = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);

/** What a scene is played on. */
export interface Stage {
  /** Where load and audit find the brokers, and where the daemons do. */
  readonly address: string;
  readonly daemonAddress: string;
  stop(): Promise<void>;
}

const SETTINGS = ['model.backend=wasm', 'kafka.request.timeout.ms=10000'];
/** Short, so that what hangs or swallows memory is found soon. */
const DAEMON_SETTINGS = ['lanes.stallAfter=40s', 'scoring.deadline=5s', 'scoring.heapBytes=256MiB'];

export class Scene<S extends Stage = Stage> {
  readonly stage: S;
  readonly job: Job;
  readonly subject: Subject;
  readonly #rate: number;
  readonly #poison = join(tempFolder('poison'), 'poison');
  #daemons: Program[] = [];
  #load: Program | undefined;
  #loading: Promise<void> | undefined;
  /** What daemons said that have ended, for the report when something goes wrong. */
  readonly endings: string[] = [];

  private constructor(stage: S, job: Job, subject: Subject, rate: number) {
    this.stage = stage;
    this.job = job;
    this.subject = subject;
    this.#rate = rate;
  }

  /** `settings` are more of the daemons' configuration. */
  static async on<S extends Stage>(
    stage: S,
    rate: number,
    subject: Subject,
    settings: readonly string[],
    replicationFactor = 1,
  ): Promise<Scene<S>> {
    const all = [...SETTINGS, ...subject.settings, ...settings];
    return new Scene(stage, await newJob(stage.address, all, PARTITIONS, replicationFactor), subject, rate);
  }

  async startDaemon(): Promise<Program> {
    const environment = {
      NODE_OPTIONS: `--import=${new URL('./poison.ts', import.meta.url).href}`,
      [POISON_FILE]: this.#poison,
    };
    const job = { ...this.job, address: this.stage.daemonAddress };
    const daemon = await startDaemon(job, DAEMON_SETTINGS, [], environment);
    this.#daemons.push(daemon);
    void daemon.ended.then(({ out }) => this.endings.push(out.slice(-4_000)));
    return daemon;
  }

  /** Lets one worker thread of one daemon do that, and waits until one has taken it. */
  async poison(poison: Poison): Promise<void> {
    writeFileSync(this.#poison, poison);
    await until(`a worker thread to ${poison}`, () => !existsSync(this.#poison));
  }

  /**
   * Another job beside this one, without transactions, on the same brokers and not through any
   * proxy.
   */
  anotherJob(): Promise<Job> {
    return newJob(this.job.address, SETTINGS, PARTITIONS);
  }

  /** The oldest of the daemons that run. */
  daemon(): Program {
    const daemon = this.#daemons.find(({ child }) => child.exitCode === null && child.signalCode === null);
    if (daemon === undefined) throw new Error(`no daemon runs any more:\n${this.endings.join('\n')}`);
    return daemon;
  }

  get daemons(): readonly Program[] {
    return this.#daemons.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  }

  /** Sends records until `endLoad`, through broker outages too. */
  startLoad(): void {
    let ended = false;
    this.#loading = (async () => {
      while (!ended) {
        const words = ['--rate', String(this.#rate), '--garbage', '0.001', ...this.subject.load];
        this.#load = startLoad(this.job, 1e9, ...words);
        await this.#load.ended;
      }
    })();
    this.endLoad = async () => {
      ended = true;
      this.#load?.child.kill('SIGTERM');
      await this.#loading;
    };
  }

  endLoad: () => Promise<void> = async () => {};

  /**
   * Calls with an admin client that does not go through the proxy; again, while the cluster is
   * finding its feet.
   */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaFor(settingsFor(this.job.address)).admin();
    await admin.connect();
    try {
      const answered = await until('the cluster to answer', async () => {
        try {
          return { answer: await use(admin) };
        } catch (error) {
          if (PASSING.has((error as { type?: string }).type ?? '')) return undefined;
          throw error;
        }
      });
      return answered.answer;
    } finally {
      await admin.disconnect();
    }
  }

  async setMaxMessageBytes(topic: string, value: string): Promise<void> {
    await this.withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          // 2 is a topic, in Kafka's protocol.
          { type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value }] },
        ],
      }),
    );
  }

  /** Waits until everything that is in the input now, and there is something, is committed. */
  async healed(): Promise<void> {
    const ends = await this.withAdmin((admin) => admin.fetchTopicOffsets(this.job.input));
    await until(
      'everything to be scored',
      async () => {
        const at = await this.committed();
        return at.size > 0 && ends.every(({ partition, high }) => (at.get(partition) ?? 0) >= Number(high));
      },
      HEALED_MS,
    );
  }

  /** How many records a topic holds. */
  async records(topic: string): Promise<number> {
    const ends = await this.withAdmin((admin) => admin.fetchTopicOffsets(topic));
    return ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  }

  /** Markers of transactions and what they aborted count too. */
  async answersBeyondOne(): Promise<number> {
    const committed = [...(await this.committed()).values()].reduce((sum, offset) => sum + offset, 0);
    return (await this.records(this.job.results)) + (await this.records(this.job.deadLetters)) - committed;
  }

  /**
   * Deletes the first half of what a job has not committed. Resolves to how many records that were.
   */
  cutHalfWay(job: Job): Promise<number> {
    return this.withAdmin(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: job.group, topics: [job.input] });
      const committed = new Map(
        found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
      );
      const cuts = (await admin.fetchTopicOffsets(job.input)).map(({ partition, high }) => {
        const from = Math.max(0, committed.get(partition) ?? 0);
        return { partition, from, to: from + Math.ceil((Number(high) - from) / 2) };
      });
      const partitions = cuts.map(({ partition, to }) => ({ partition, offset: String(to) }));
      await admin.deleteTopicRecords({ topic: job.input, partitions });
      return cuts.reduce((sum, { from, to }) => sum + to - from, 0);
    });
  }

  /** What the daemons have committed, by partition. */
  async committed(): Promise<Map<number, number>> {
    const { group: groupId, input } = this.job;
    const [found] = await this.withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [input] }));
    const committed = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
    return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  async stop(): Promise<void> {
    await this.endLoad();
    for (const { child } of this.daemons) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    await this.stage.stop();
  }
}
