// The model of one job on all worker threads, in one version or in several. The threads may be the
// job's own, which end with it, or those of several jobs, which give up its model and go on.

import { type Deployment, StateLostError } from '../worker-protocol/messages.ts';
import { FreeThreads, type Turns } from './free-threads.ts';
import type { ModelHost } from './model-host.ts';
import { RequestPool } from './request-pool.ts';
import type { AskingOptions, Versions } from './worker-client.ts';

/**
 * For a version that is loaded while others score: the code is compiled already, and lanes wait
 * for the thread.
 */
const WARM_UP_MS = 10;

export interface DeploymentOptions {
  readonly hosts: readonly ModelHost[];
  /** The version that it begins with. */
  readonly deployment: Deployment;
  /** The job's turns at these threads, if it shares them with others. */
  readonly turns?: Turns;
  /** No version with that plan is left. */
  readonly onPlanGone?: (plan: string) => void;
}

export class JobDeployment implements Versions {
  readonly turns: Turns;
  readonly #hosts: readonly ModelHost[];
  readonly #isShared: boolean;
  readonly #onPlanGone: (plan: string) => void;
  /** The versions that all threads have, by their ids. */
  readonly #loaded = new Map<string, Deployment>();
  #now: string;

  constructor({ hosts, deployment, turns, onPlanGone = () => {} }: DeploymentOptions) {
    this.#hosts = hosts;
    this.#onPlanGone = onPlanGone;
    this.#now = deployment.id;
    this.#loaded.set(deployment.id, deployment);
    this.#isShared = turns !== undefined;
    this.turns = turns ?? new FreeThreads(hosts).turns();
  }

  /** The version that is asked where none is named. */
  get now(): string {
    return this.#now;
  }

  get serving(): Deployment {
    return this.#loaded.get(this.#now) as Deployment;
  }

  /** One with that plan, as `withPlan`; where none has it any more, the one that serves. */
  ofPlan(plan: string | undefined): Deployment {
    return this.#loaded.get(this.withPlan(plan) ?? this.#now) as Deployment;
  }

  has(id: string): boolean {
    return this.#loaded.has(id);
  }

  planOf(id: string): string | undefined {
    return this.#loaded.get(id)?.plan;
  }

  /** A version with that plan, which finds its states: the one that serves, if it has it. */
  withPlan(plan: string | undefined): string | undefined {
    if (this.planOf(this.#now) === plan) return this.#now;
    return [...this.#loaded.values()].find((each) => each.plan === plan)?.id;
  }

  /**
   * Waits until every thread has the version that it begins with. When one of them cannot, all give
   * it up; rejects with what the first one said.
   */
  async load(): Promise<void> {
    const loads = this.#hosts.map((host) => host.load(this.serving));
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
   * Loads one more version, on one thread after the other, each between two tasks: meanwhile the
   * others score. If one of them cannot, all give it up; rejects with what that one said.
   */
  async add(deployment: Deployment): Promise<void> {
    const { id } = deployment;
    if (this.#loaded.has(id)) return;
    const turns = this.turns.beside();
    try {
      for (const host of this.#hosts) {
        await turns.acquire(host);
        try {
          await host.load(deployment, WARM_UP_MS);
        } finally {
          turns.release(host);
        }
      }
      this.#loaded.set(id, deployment);
    } catch (error) {
      await this.#unload(id);
      throw error;
    } finally {
      turns.leave();
    }
  }

  /** From now on it is the one that is asked. It must have been added. */
  serve(id: string): void {
    if (!this.#loaded.has(id)) throw new Error(`the version ${id} is not on the threads`);
    this.#now = id;
  }

  /** Nothing is asked of that version any more, and it is not the one that serves. */
  async remove(id: string): Promise<void> {
    if (id === this.#now) throw new Error(`the version ${id} serves`);
    const plan = this.planOf(id);
    if (!this.#loaded.delete(id)) return;
    await this.#unload(id);
    if (plan !== undefined && this.withPlan(plan) === undefined) this.#onPlanGone(plan);
  }

  async #unload(id: string): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.unload(id)));
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

  /** Asks for a version, for the one that serves unless given, in turns of its own from now on. */
  forRequests(options: AskingOptions, deployment = this.#now): RequestPool {
    return new RequestPool(this.turns.beside(), this.#hosts, deployment, options);
  }

  /** Nothing is asked any more. */
  async end(): Promise<void> {
    if (this.#isShared) await Promise.all([...this.#loaded.keys()].map((id) => this.#unload(id)));
    else await Promise.all(this.#hosts.map((host) => host.stop()));
  }
}
