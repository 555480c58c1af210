// Three brokers: the first is also the controller and stays; the other two come and go.

import { type Broker, clusterId, freePort } from '../../tools/broker.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { testBroker } from '../support/kafka.ts';
import type { Stage } from './scene.ts';

export const NODES = [1, 2, 3] as const;
export type Node = (typeof NODES)[number];

interface Place {
  readonly port: number;
  readonly dataFolder: string;
}

export class Cluster implements Stage {
  readonly #id = clusterId();
  readonly #controllerPort: number;
  readonly #places: ReadonlyMap<Node, Place>;
  readonly #running = new Map<Node, Broker>();

  private constructor(controllerPort: number, places: ReadonlyMap<Node, Place>) {
    this.#controllerPort = controllerPort;
    this.#places = places;
  }

  static async start(): Promise<Cluster> {
    const places = new Map<Node, Place>();
    for (const node of NODES) {
      const dataFolder = tempFolder(`cluster-${node}`);
      places.set(node, { port: await freePort(), dataFolder });
    }
    const cluster = new Cluster(await freePort(), places);
    for (const node of NODES) await cluster.startNode(node);
    return cluster;
  }

  /** All brokers, whether they run or not. */
  get address(): string {
    return [...this.#places.values()].map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  get daemonAddress(): string {
    return this.address;
  }

  async startNode(node: Node): Promise<void> {
    const { port, dataFolder } = this.#places.get(node) as Place;
    const controls = node === 1;
    const own = `PLAINTEXT://127.0.0.1:${port}`;
    const broker = await testBroker({
      port,
      dataFolder,
      controllerPort: this.#controllerPort,
      clusterId: this.#id,
      properties: {
        'node.id': String(node),
        'process.roles': controls ? 'broker,controller' : 'broker',
        listeners: controls ? `${own},CONTROLLER://127.0.0.1:${this.#controllerPort}` : own,
        'advertised.listeners': own,
        'default.replication.factor': '3',
        'min.insync.replicas': '2',
        'offsets.topic.replication.factor': '3',
        'transaction.state.log.replication.factor': '3',
        'transaction.state.log.min.isr': '2',
        'auto.leader.rebalance.enable': 'false',
        // A broker that was killed is missed sooner than by default.
        'broker.session.timeout.ms': '3000',
        'broker.heartbeat.interval.ms': '500',
        'group.min.session.timeout.ms': '500',
        'log.retention.ms': '-1',
      },
    });
    this.#running.set(node, broker);
  }

  async stopNode(node: Node, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#running.get(node)?.stop(signal);
    this.#running.delete(node);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((node) => this.stopNode(node, 'SIGKILL')));
  }
}
