// Gives out threads that are free. Who waits for one is served in the order of the calls. A thread
// that is being replaced is not free; it holds up nobody while there are other threads.

import type { WorkerClient } from './worker-client.ts';

export class FreeThreads {
  readonly #count: number;
  /** The thread that became free last is given first: its caches are warm. */
  readonly #free: WorkerClient[];
  /** Replaced without success. */
  readonly #broken = new Set<WorkerClient>();
  readonly #waiting: PromiseWithResolvers<WorkerClient>[] = [];

  constructor(clients: readonly WorkerClient[]) {
    this.#count = clients.length;
    this.#free = [...clients];
  }

  /**
   * Nobody else has the thread until it is released. Rejects when none can serve, with what the
   * last of them said.
   */
  acquire(): Promise<WorkerClient> {
    const works = this.#free.findLastIndex(({ host }) => host.ready === undefined);
    if (works >= 0) return Promise.resolve(this.#free.splice(works, 1)[0] as WorkerClient);
    const waiting = Promise.withResolvers<WorkerClient>();
    this.#waiting.push(waiting);
    // Those that nobody has were lost, or could not be replaced: perhaps they can now.
    for (const client of [...this.#free.splice(0), ...this.#broken]) this.release(client);
    return waiting.promise;
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
    this.#broken.delete(client);
    const { ready } = client.host;
    if (ready === undefined) this.#give(client);
    else
      ready.then(
        () => this.#give(client),
        (error: Error) => this.#broke(client, error),
      );
  }

  #give(client: WorkerClient): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(client);
    else next.resolve(client);
  }

  /** It is tried again when somebody asks and no thread is free. */
  #broke(client: WorkerClient, error: Error): void {
    this.#broken.add(client);
    if (this.#broken.size < this.#count) return;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
