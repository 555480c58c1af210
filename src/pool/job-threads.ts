// A job's model on the threads that are free: what FreeThreads gives out, as the clients that ask
// for this model.

import type { Turns } from './free-threads.ts';
import { isNotBegun, type ModelHost, ScoringError } from './model-host.ts';
import type { WorkerClient } from './worker-client.ts';

/**
 * How many threads may end, one after the other, before they begin with a task. After that
 * something else is wrong.
 */
const NOT_BEGUN_MAX = 10;

/** What came of asking once: an answer, or the thread was lost with the task. */
type Attempt<T> = { readonly answer: T } | { readonly lost: Error };

export class JobThreads {
  readonly #turns: Turns;
  readonly #clients: ReadonlyMap<ModelHost, WorkerClient>;

  /** A client for each thread. */
  constructor(turns: Turns, clients: readonly WorkerClient[]) {
    this.#turns = turns;
    this.#clients = new Map(clients.map((client) => [client.host, client]));
  }

  /** Nobody else has the thread until it is released. Rejects when none can serve. */
  async acquire(): Promise<WorkerClient> {
    return this.#clients.get(await this.#turns.acquire()) as WorkerClient;
  }

  /**
   * Asks a free thread, once; `first`, if it was acquired before. A thread that ends before it
   * begins says nothing of what it was asked: another one is asked. A lost thread is replaced, and
   * `where` says in the log what it was doing. Rejects with `ScoringError`, and when no thread can
   * serve.
   */
  async attempt<T>(
    ask: (client: WorkerClient) => Promise<T>,
    { first, where }: { readonly first?: WorkerClient; readonly where?: string } = {},
  ): Promise<Attempt<T>> {
    let acquired = first;
    for (let left = NOT_BEGUN_MAX; ; left--) {
      const client = acquired ?? (await this.acquire());
      acquired = undefined;
      try {
        return { answer: await client.host.survive(() => ask(client), where) };
      } catch (error) {
        if (error instanceof ScoringError) throw error;
        if (!isNotBegun(error)) return { lost: error as Error };
        if (left === 1) throw error;
      } finally {
        this.release(client);
      }
    }
  }

  /** The same, but rejects with the error where the thread was lost. */
  async use<T>(ask: (client: WorkerClient) => Promise<T>): Promise<T> {
    const attempt = await this.attempt(ask);
    if ('lost' in attempt) throw attempt.lost;
    return attempt.answer;
  }

  release(client: WorkerClient): void {
    this.#turns.release(client.host);
  }
}
