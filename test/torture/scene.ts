// What the torture is done to: a real broker behind a proxy, load that goes on, daemons in one group, and a look at how far
// they have come.

import type { Admin } from 'kafkajs';
import { type Broker, type BrokerOptions, freePort, startBroker } from '../../tools/broker.ts';
import { type Job, newJob, type Program, startDaemon, startLoad } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { TcpProxy } from './proxy.ts';

const PARTITIONS = 4;
/** Everything must be scored so soon after a fault has ended. */
const HEALED_MS = 120_000;

export class Scene {
  readonly job: Job;
  readonly proxy: TcpProxy;
  readonly #address: string;
  readonly #options: BrokerOptions;
  readonly #rate: number;
  #broker: Broker;
  #daemons: Program[] = [];
  #load: Program | undefined;
  #loading: Promise<void> | undefined;
  /** What daemons said that have ended, for the report when something goes wrong. */
  readonly endings: string[] = [];

  private constructor(
    parts: Pick<Scene, 'job' | 'proxy'> & { broker: Broker; options: BrokerOptions; rate: number },
  ) {
    this.job = parts.job;
    this.proxy = parts.proxy;
    this.#broker = parts.broker;
    this.#address = parts.broker.address;
    this.#options = parts.options;
    this.#rate = parts.rate;
  }

  /** Daemons reach the broker through the proxy; load and audit do not. */
  static async start(rate: number): Promise<Scene> {
    const [port, inner, outer] = [await freePort(), await freePort(), await freePort()];
    const map = 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT';
    const options: BrokerOptions = {
      port,
      listeners: [`PROXIED://127.0.0.1:${inner}`],
      properties: {
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${outer}`,
        'listener.security.protocol.map': map,
        'inter.broker.listener.name': 'PLAINTEXT',
        'group.min.session.timeout.ms': '500',
        'log.retention.ms': '-1',
      },
    };
    const broker = await startBroker(options);
    const proxy = await TcpProxy.start(outer, inner);
    const job = await newJob(
      broker.address,
      ['model.backend=wasm', 'kafka.request.timeout.ms=10000'],
      PARTITIONS,
    );
    return new Scene({ job, proxy, broker, options, rate });
  }

  async startDaemon(): Promise<Program> {
    const through = `127.0.0.1:${this.proxy.port}`;
    const daemon = await startDaemon({ ...this.job, address: through }, ['lanes.stallAfter=40s']);
    this.#daemons.push(daemon);
    void daemon.ended.then(({ out }) => this.endings.push(out.slice(-4_000)));
    return daemon;
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
        this.#load = startLoad(this.job, 1e9, '--rate', String(this.#rate), '--garbage', '0.001');
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

  async stopBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#broker.stop(signal);
  }

  async startBroker(): Promise<void> {
    this.#broker = await startBroker({ ...this.#options, dataFolder: this.#broker.dataFolder });
  }

  /** Calls with an admin client that does not go through the proxy. */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaFor(settingsFor(this.#address)).admin();
    await admin.connect();
    try {
      return await use(admin);
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
    await this.withAdmin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(this.job.input);
      const wanted = new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
      await until(
        'everything to be scored',
        async () => {
          const at = await this.#offsets(admin);
          return at.size > 0 && [...wanted].every(([partition, end]) => (at.get(partition) ?? 0) >= end);
        },
        HEALED_MS,
      );
    });
  }

  /** How many records the daemons have committed. */
  committed(): Promise<number> {
    return this.withAdmin(async (admin) =>
      [...(await this.#offsets(admin)).values()].reduce((a, b) => a + b, 0),
    );
  }

  /** What is committed of each partition. A coordinator that is loading after a restart is asked again. */
  #offsets(admin: Admin): Promise<Map<number, number>> {
    return until('the coordinator to say what is committed', async () => {
      try {
        const [found] = await admin.fetchOffsets({ groupId: this.job.group, topics: [this.job.input] });
        const committed = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
        return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
      } catch (error) {
        if ((error as { type?: string }).type === 'GROUP_LOAD_IN_PROGRESS') return undefined;
        throw error;
      }
    });
  }

  async stop(): Promise<void> {
    await this.endLoad();
    for (const { child } of this.daemons) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    await this.proxy.stop();
    await this.#broker.stop('SIGKILL');
  }
}
