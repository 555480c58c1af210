// The model of one job on all worker threads. The threads may be the job's own, which end with it,
// or those of several jobs, which give up its model and go on.

import { type Deployment, StateLostError } from '../worker-protocol/messages.ts';
import { FreeThreads, type Turns } from './free-threads.ts';
import type { ModelHost } from './model-host.ts';
import { RequestPool } from './request-pool.ts';
import type { AskingOptions } from './worker-client.ts';

export interface DeploymentOptions {
  readonly hosts: readonly ModelHost[];
  readonly deployment: Deployment;
  /** The job's turns at these threads, if it shares them with others. */
  readonly turns?: Turns;
}

export class JobDeployment {
  readonly turns: Turns;
  readonly #hosts: readonly ModelHost[];
  readonly #deployment: Deployment;
  readonly #isShared: boolean;

  constructor({ hosts, deployment, turns }: DeploymentOptions) {
    this.#hosts = hosts;
    this.#deployment = deployment;
    this.#isShared = turns !== undefined;
    this.turns = turns ?? new FreeThreads(hosts).turns();
  }

  /**
   * Waits until every thread has the model. When one of them cannot, all give it up; rejects with
   * what the first one said.
   */
  async load(): Promise<void> {
    const loads = this.#hosts.map((host) => host.load(this.#deployment));
    try {
      await Promise.all(loads);
    } catch (error) {
      // A thread of several jobs lives on: it gives up the model when it has loaded it.
      if (this.#isShared) await Promise.allSettled(loads);
      await this.end();
      throw error;
    }
  }

  /**
   * Asks a thread that has states when it is the job's turn there, if it shares it. Turns at one
   * thread come in the order of the calls. `check` throws where the wait was for nothing. Rejects
   * with `StateLostError` if the thread cannot serve.
   */
  served<T>(host: ModelHost, ask: () => Promise<T>, check: () => void): Promise<T> {
    return this.turns.isAlone ? ask() : this.#inTurn(host, ask, check);
  }

  async #inTurn<T>(host: ModelHost, ask: () => Promise<T>, check: () => void): Promise<T> {
    try {
      await this.turns.acquire(host);
    } catch (error) {
      throw new StateLostError(`the thread with the state was lost: ${(error as Error).message}`, {
        cause: error,
      });
    }
    try {
      check();
      return await ask();
    } finally {
      this.turns.release(host);
    }
  }

  /** Asks for the model in turns of its own, which begin now. */
  forRequests(options: AskingOptions): RequestPool {
    return new RequestPool(this.turns.beside(), this.#hosts, this.#deployment.id, options);
  }

  /** Nothing is asked any more. */
  async end(): Promise<void> {
    await Promise.all(
      this.#hosts.map((host) => (this.#isShared ? host.unload(this.#deployment.id) : host.stop())),
    );
  }
}
