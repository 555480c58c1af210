// One broker behind a proxy: daemons reach it through the proxy, load and audit do not.

import { type Broker, type BrokerOptions, freePort } from '../../tools/broker.ts';
import { testBroker } from '../support/kafka.ts';
import { TcpProxy } from './proxy.ts';
import type { Stage } from './scene.ts';

export class ProxiedBroker implements Stage {
  readonly proxy: TcpProxy;
  readonly address: string;
  readonly daemonAddress: string;
  readonly #options: BrokerOptions;
  #broker: Broker;

  private constructor(proxy: TcpProxy, broker: Broker, options: BrokerOptions) {
    this.proxy = proxy;
    this.address = broker.address;
    this.daemonAddress = `127.0.0.1:${proxy.port}`;
    this.#broker = broker;
    this.#options = options;
  }

  static async start(): Promise<ProxiedBroker> {
    const [port, inner, outer] = [await freePort(), await freePort(), await freePort()];
    const options: BrokerOptions = {
      port,
      listeners: [`PROXIED://127.0.0.1:${inner}`],
      properties: {
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${outer}`,
        'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT',
        'inter.broker.listener.name': 'PLAINTEXT',
        'group.min.session.timeout.ms': '500',
        'log.retention.ms': '-1',
      },
    };
    const broker = await testBroker(options);
    return new ProxiedBroker(await TcpProxy.start(outer, inner), broker, options);
  }

  async stopBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#broker.stop(signal);
  }

  /** Stops it in its tracks, connections and all, until it is thawed. */
  freezeBroker(): void {
    this.#broker.process.kill('SIGSTOP');
  }

  thawBroker(): void {
    this.#broker.process.kill('SIGCONT');
  }

  async startBroker(): Promise<void> {
    this.#broker = await testBroker({ ...this.#options, dataFolder: this.#broker.dataFolder });
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#broker.stop('SIGKILL');
  }
}
