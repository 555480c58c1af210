// The pool behind the engine's Scorer port for a model without windows: each micro-batch goes to
// whichever thread is free.

import { BufferPool } from '../base/buffer-pool.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import { merge } from '../scoring/merge.ts';
import { type InputBatches, type MicroBatch, untried } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Scorer } from '../scoring/ports.ts';
import { Bisection } from './bisection.ts';
import { type DeploymentOptions, JobDeployment } from './job-deployment.ts';
import { JobThreads } from './job-threads.ts';
import type { RequestPool } from './request-pool.ts';
import { type Slice, Slices } from './slices.ts';
import { type AskingOptions, WorkerClient } from './worker-client.ts';

export interface PoolOptions extends AskingOptions, DeploymentOptions {}

export class StatelessPool implements Scorer {
  readonly #options: PoolOptions;
  /** The versions of the model, which come and go while it scores. */
  readonly versions: JobDeployment;
  readonly #buffers = new BufferPool();
  readonly #free: JobThreads;
  readonly #bisection: Bisection;
  readonly #slices: Slices;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { hosts } = options;
    this.versions = new JobDeployment(options);
    this.#free = new JobThreads(
      this.versions.turns,
      hosts.map((host) => new WorkerClient(host, this.versions, options, this.#buffers)),
    );
    this.#bisection = new Bisection(this.#free);
    this.#slices = new Slices(this.versions.turns);
  }

  /**
   * Waits until every worker has loaded and checked the model. Rejects with `ModelError`, with what
   * the first one said.
   */
  start(): Promise<void> {
    return this.versions.load();
  }

  /** As one task, or in slices where other jobs share the threads. */
  score(microBatch: MicroBatch): Promise<Outcome> {
    const { first, next } = microBatch;
    return this.versions.turns.isContended
      ? this.#scoreInSlices(microBatch)
      : this.#bisection.score(microBatch, first, next);
  }

  async #scoreInSlices(microBatch: MicroBatch): Promise<Outcome> {
    const slices = this.#slices.of(microBatch);
    const scored = await Promise.all(slices.map((slice) => this.#slice(microBatch, slice)));
    return scored.reduce(merge);
  }

  async #slice(microBatch: MicroBatch, { first, until }: Slice): Promise<Outcome> {
    const outcome = await this.#bisection.score(microBatch, first, until);
    this.#slices.took(outcome);
    return outcome;
  }

  /**
   * In one message to one thread. If that fails, whatever the reason, each is scored alone: then
   * the trouble is that of one lane.
   */
  scoreTogether(microBatches: readonly MicroBatch[]): readonly Promise<Outcome>[] {
    if (microBatches.length === 1) return microBatches.map((each) => this.score(each));
    const together = this.#free.use((thread) => thread.scoreTogether(microBatches));
    return microBatches.map((each, index) =>
      together.then(
        (outcomes) => outcomes[index] as Outcome,
        () => this.score(untried(each)),
      ),
    );
  }

  /** Makes dead letters of what was refused. */
  mend(input: InputBatches, outcome: Outcome, refusals: readonly Refusal[]): Promise<Outcome> {
    return this.#free.use((thread) => thread.mend(input, outcome, refusals));
  }

  /** Nobody reads these outputs any more: their buffers are used again. */
  release(outputs: readonly ResultBatch[]): void {
    for (const { bytes } of outputs) this.#buffers.giveBack(bytes.buffer);
  }

  /** For what comes by requests. */
  forRequests(deployment?: string): RequestPool {
    return this.versions.forRequests(this.#options, deployment);
  }

  stop(): Promise<void> {
    return this.versions.end();
  }
}
