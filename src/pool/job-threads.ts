// A job's model on the threads that are free: what FreeThreads gives out, as the clients that ask
// for this model.

import type { Turns } from './free-threads.ts';
import type { ModelHost } from './model-host.ts';
import type { WorkerClient } from './worker-client.ts';

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
   * Asks a free thread, once. Rejects with what `ask` throws. If that was the loss of the thread,
   * the thread is replaced.
   */
  async use<T>(ask: (client: WorkerClient) => Promise<T>): Promise<T> {
    const client = await this.acquire();
    try {
      return await client.host.survive(() => ask(client));
    } finally {
      this.release(client);
    }
  }

  release(client: WorkerClient): void {
    this.#turns.release(client.host);
  }
}
