// The pool behind the engine's Scorer port for a model without windows: each micro-batch goes to whichever thread is free.

import { BufferPool } from '../base/buffer-pool.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { Scorer } from '../scoring/ports.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';
import { Bisection } from './bisection.ts';
import { FreeThreads } from './free-threads.ts';
import { type AskingOptions, startAll, WorkerClient } from './worker-client.ts';
import type { WorkerThread } from './worker-thread.ts';

export interface PoolOptions extends AskingOptions {
  readonly threads: readonly WorkerThread[];
}

export class StatelessPool implements Scorer {
  readonly #clients: readonly WorkerClient[];
  readonly #buffers = new BufferPool();
  readonly #free: FreeThreads;
  readonly #bisection: Bisection;

  constructor({ threads, ...options }: PoolOptions) {
    this.#clients = threads.map((thread) => new WorkerClient(thread, options, this.#buffers));
    this.#free = new FreeThreads(this.#clients);
    this.#bisection = new Bisection(this.#free);
  }

  /** Waits until every worker has loaded and checked the model. Rejects with `ModelError`, with what the first one said. */
  start(): Promise<void> {
    return startAll(this.#clients);
  }

  score(microBatch: MicroBatch): Promise<ScoredMicroBatch> {
    return this.#bisection.score(microBatch);
  }

  /** Makes dead letters of what was refused. */
  mend(
    input: InputBatches,
    scored: ScoredMicroBatch,
    refusals: readonly Refusal[],
  ): Promise<ScoredMicroBatch> {
    return this.#free.use((thread) => thread.mend(input, scored, refusals));
  }

  /** Nobody reads these outputs any more: their buffers are used again. */
  release(outputs: readonly ResultBatch[]): void {
    for (const { bytes } of outputs) this.#buffers.giveBack(bytes.buffer);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map(({ thread }) => thread.stop()));
  }
}
