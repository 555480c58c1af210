// What requests bring is scored by the worker threads of a job, with its model, in turns of its
// own: neither do requests starve lanes, nor lanes requests. What is scored is decided when a
// thread is free: what waits until then is scored together.

import { BufferPool } from '../base/buffer-pool.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { StateLostError } from '../worker-protocol/messages.ts';
import { Bisection } from './bisection.ts';
import type { Turns } from './free-threads.ts';
import { JobThreads } from './job-threads.ts';
import { isNotBegun, type ModelHost, ScoringError } from './model-host.ts';
import { type AskingOptions, type Predictions, WorkerClient, wholeOf } from './worker-client.ts';

/** Rows of cells, and the texts that they name. */
export interface GivenRows {
  readonly cells: Float32Array;
  readonly rows: number;
  readonly texts: readonly string[];
}

/**
 * What became of records that a lane's state was read for: null where the state is not on that
 * thread any more.
 */
export type Peeked = Outcome | ScoringError | null;

const STATE_LOST = new StateLostError().code;
const ONE_EACH = { input: 1, results: 1, deadLetters: 1 };

/**
 * The thread ended with rows, or with records of a model with windows. They may be to blame, or
 * others on the thread.
 */
export class RowsLostError extends Error {
  override readonly name = 'RowsLostError';
}

export class RequestPool {
  /** The version that is asked. */
  readonly deployment: string;
  readonly #turns: Turns;
  readonly #buffers = new BufferPool();
  readonly #free: JobThreads;
  readonly #bisection: Bisection;
  readonly #clients: readonly WorkerClient[];

  /**
   * Requests have no partitions, and none was answered before. The turns are its own. The
   * deployment is on the threads already.
   */
  constructor(turns: Turns, hosts: readonly ModelHost[], deployment: string, options: AskingOptions) {
    this.deployment = deployment;
    this.#turns = turns;
    const { onThreadRetired, onUsage } = options;
    const versions = { now: deployment, has: (id: string) => id === deployment };
    const asking = { counts: { now: ONE_EACH }, onThreadRetired, ...(onUsage && { onUsage }) };
    this.#clients = hosts.map((host) => new WorkerClient(host, versions, asking, this.#buffers));
    this.#free = new JobThreads(turns, this.#clients);
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

  /**
   * Scores records as if each came next in its lane. The states of these lanes are on that thread,
   * and stay as they are. Resolves to what became of each micro-batch. Rejects with `RowsLostError`
   * where the thread was lost, and when it cannot serve.
   */
  async peek(thread: number, close: () => readonly MicroBatch[] | null): Promise<readonly Peeked[] | null> {
    const client = this.#clients[thread] as WorkerClient;
    await this.#turns.acquire(client.host);
    try {
      const closed = close();
      if (closed === null || closed.length === 0) return closed === null ? null : [];
      return await this.#peekTogether(client, closed);
    } finally {
      this.#free.release(client);
    }
  }

  /** If lanes cannot be served together, each is served alone: the trouble is that of one. */
  async #peekTogether(client: WorkerClient, closed: readonly MicroBatch[]): Promise<readonly Peeked[]> {
    try {
      return await client.host.survive(() => client.peekTogether(closed));
    } catch (error) {
      // The states were in the thread that has ended.
      if (isNotBegun(error)) return closed.map(() => null);
      if (!(error instanceof ScoringError))
        throw new RowsLostError((error as Error).message, { cause: error });
      if (closed.length === 1) return [error.code === STATE_LOST ? null : error];
    }
    const peeked: Peeked[] = [];
    for (const each of closed) peeked.push(...(await this.#peekTogether(client, [each])));
    return peeked;
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
