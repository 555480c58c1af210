// The pool behind the engine's Scorer port for a model without windows: each micro-batch goes to
// whichever thread is free.

import { BufferPool } from '../base/buffer-pool.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Scorer } from '../scoring/ports.ts';
import { Bisection } from './bisection.ts';
import { type DeploymentOptions, JobDeployment } from './job-deployment.ts';
import { JobThreads } from './job-threads.ts';
import { type AskingOptions, WorkerClient } from './worker-client.ts';

export interface PoolOptions extends AskingOptions, DeploymentOptions {}

export class StatelessPool implements Scorer {
  readonly #deployment: JobDeployment;
  readonly #buffers = new BufferPool();
  readonly #free: JobThreads;
  readonly #bisection: Bisection;

  constructor(options: PoolOptions) {
    const { hosts, deployment } = options;
    this.#deployment = new JobDeployment(options);
    this.#free = new JobThreads(
      this.#deployment.turns,
      hosts.map((host) => new WorkerClient(host, deployment.id, options, this.#buffers)),
    );
    this.#bisection = new Bisection(this.#free);
  }

  /**
   * Waits until every worker has loaded and checked the model. Rejects with `ModelError`, with what
   * the first one said.
   */
  start(): Promise<void> {
    return this.#deployment.load();
  }

  score(microBatch: MicroBatch): Promise<Outcome> {
    return this.#bisection.score(microBatch);
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
        () => this.score(each),
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

  stop(): Promise<void> {
    return this.#deployment.end();
  }
}
