// What requests bring is scored by the worker threads of a job, with its model, in turns of its
// own: neither do requests starve lanes, nor lanes requests. What is scored is decided when a
// thread is free: what waits until then is scored together.

import { BufferPool } from '../base/buffer-pool.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { Bisection } from './bisection.ts';
import type { Turns } from './free-threads.ts';
import { JobThreads } from './job-threads.ts';
import type { ModelHost } from './model-host.ts';
import { type AskingOptions, type Predictions, WorkerClient, wholeOf } from './worker-client.ts';

/** Rows of cells, and the texts that they name. */
export interface GivenRows {
  readonly cells: Float32Array;
  readonly rows: number;
  readonly texts: readonly string[];
}

const ONE_EACH = { input: 1, results: 1, deadLetters: 1 };
/** The thread ended while it predicted rows. They may be to blame, or others on the thread. */
export class RowsLostError extends Error {
  override readonly name = 'RowsLostError';
}

export class RequestPool {
  readonly #turns: Turns;
  readonly #buffers = new BufferPool();
  readonly #free: JobThreads;
  readonly #bisection: Bisection;

  /**
   * Requests have no partitions, and none was answered before. The turns are its own. The
   * deployment is on the threads already.
   */
  constructor(turns: Turns, hosts: readonly ModelHost[], deployment: string, options: AskingOptions) {
    this.#turns = turns;
    const { onThreadRetired, onUsage } = options;
    const versions = { now: deployment, has: (id: string) => id === deployment };
    const asking = { counts: { now: ONE_EACH }, onThreadRetired, ...(onUsage && { onUsage }) };
    this.#free = new JobThreads(
      turns,
      hosts.map((host) => new WorkerClient(host, versions, asking, this.#buffers)),
    );
    this.#bisection = new Bisection(this.#free);
  }

  /**
   * Closes a micro-batch when a thread is free, and scores it; null if there is none by then. A
   * record that ends threads becomes a dead letter. Rejects as `Scorer.scoreTogether`, and when no
   * thread can serve.
   */
  async score(close: () => MicroBatch | null): Promise<Outcome | null> {
    const microBatch = await this.#once(close, (client, closed) => client.score(closed, wholeOf(closed)));
    if (microBatch === null || 'answer' in microBatch) return microBatch?.answer ?? null;
    const { closed } = microBatch;
    return this.#bisection.score(closed, closed.first, closed.next);
  }

  /** The same for rows, once. Rejects with `RowsLostError` where the thread was lost. */
  async predict(close: () => GivenRows | null): Promise<Predictions | null> {
    const tried = await this.#once(close, (client, { cells, rows, texts }) =>
      client.predict(cells, rows, texts),
    );
    if (tried === null) return null;
    if ('answer' in tried) return tried.answer;
    throw new RowsLostError(tried.error.message, { cause: tried.error });
  }

  /** Nobody reads the bytes of this outcome any more. */
  release({ outputs }: Pick<Outcome, 'outputs'>): void {
    for (const { bytes } of outputs) this.#buffers.giveBack(bytes.buffer);
  }

  /** Nothing is asked any more. */
  leave(): void {
    this.#turns.leave();
  }

  /** Resolves to what was closed and the error, where the thread was lost. */
  async #once<Closed, Answer>(
    close: () => Closed | null,
    ask: (client: WorkerClient, closed: Closed) => Promise<Answer>,
  ): Promise<{ readonly answer: Answer } | { readonly closed: Closed; readonly error: Error } | null> {
    const first = await this.#free.acquire();
    let closed: Closed | null = null;
    try {
      closed = close();
    } finally {
      if (closed === null) this.#free.release(first);
    }
    if (closed === null) return null;
    const wanted = closed;
    const attempt = await this.#free.attempt((client) => ask(client, wanted), { first });
    return 'answer' in attempt ? attempt : { closed, error: attempt.lost };
  }
}
