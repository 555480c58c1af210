// Piscina's worker threads behind the pool: one task a worker, and a deadline for each. A thread that passes its deadline is
// ended, and Piscina starts another in its place.

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FixedQueue, Piscina } from 'piscina';
import { after } from '../time/timer.ts';
import {
  RETIRED_EXIT,
  type ScorerSetup,
  type WorkerData,
  type WorkerRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';

/** The thread had grown too much, and ended before it began the task: give it to another. */
export class ThreadRetiredError extends Error {
  override readonly name = 'ThreadRetiredError';
}

/**
 * With less (measured: below 4) V8 cannot even begin a thread, and ends the process; with this it can say that it is not enough, for any
 * model.
 */
const HEAP_MIB_MIN = 8;

/** The task took longer than it may, and its thread was ended. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** What the pool needs of its threads. */
export interface WorkerThreads {
  readonly count: number;
  /**
   * Moves the buffers to a thread that is free, or to the first that will be; where there is one thread only, in the order of the
   * calls. Rejects when it dies or takes too long; with
   * `ThreadRetiredError` when it did not begin.
   */
  run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs?: number,
  ): Promise<WorkerResponse>;
  /** Hears of a thread that could not start, or died between tasks. One listener. */
  onError(listener: (error: Error) => void): void;
  stop(): Promise<void>;
}

export interface PiscinaThreadsOptions {
  readonly workers: number;
  /** A task that takes longer ends its thread. While a thread waits for the registry nothing counts. */
  readonly deadlineMs: number;
  /** A thread whose heap needs more is ended. */
  readonly heapBytesMax?: number;
  readonly setup: ScorerSetup;
  /** The worker's entry; another one only in tests. */
  readonly workerUrl?: URL;
}

/** The worker's entry, which is named and never imported. It runs as TypeScript or built, as this module does. */
const WORKER = new URL(`../worker/main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

export class PiscinaThreads implements WorkerThreads {
  readonly count: number;
  readonly #deadlineMs: number;
  readonly #pool: Piscina<WorkerRequest, WorkerResponse>;
  readonly #waitedMs: WorkerData['waitedMs'] = new Int32Array(
    new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  );
  /** The last call. Piscina does not keep their order: a task that was skipped once is overtaken by the next to come. */
  #before: Promise<unknown> | undefined;
  #stopped: Promise<void> | undefined;

  constructor({ workers, deadlineMs, heapBytesMax, setup, workerUrl }: PiscinaThreadsOptions) {
    this.count = workers;
    this.#deadlineMs = deadlineMs;
    this.#pool = new Piscina({
      filename: (workerUrl ?? WORKER).href,
      workerData: { setup, waitedMs: this.#waitedMs } satisfies WorkerData,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      taskQueue: new FixedQueue(),
      recordTiming: false,
      ...(heapBytesMax === undefined
        ? {}
        : {
            resourceLimits: {
              maxOldGenerationSizeMb: Math.max(HEAP_MIB_MIN, Math.floor(heapBytesMax / 2 ** 20)),
            },
          }),
    });
  }

  onError(listener: (error: Error) => void): void {
    this.#pool.on('error', listener);
  }

  run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs: number = this.#deadlineMs,
  ): Promise<WorkerResponse> {
    if (this.count > 1) return this.#run(request, transferList, deadlineMs);
    const run = (): Promise<WorkerResponse> => this.#run(request, transferList, deadlineMs);
    const answer = this.#before === undefined ? run() : this.#before.then(run, run);
    this.#before = answer;
    const done = (): void => {
      if (this.#before === answer) this.#before = undefined;
    };
    answer.then(done, done);
    return answer;
  }

  async #run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs: number,
  ): Promise<WorkerResponse> {
    const deadline = new AbortController();
    const before = Atomics.load(this.#waitedMs, 0);
    const startedMs = performance.now();
    const look = (): void => {
      // The sum may wrap around.
      const waitedMs = (Atomics.load(this.#waitedMs, 0) - before) | 0;
      const leftMs = startedMs + deadlineMs + waitedMs - performance.now();
      if (leftMs > 0) cancel = after(Math.min(leftMs, deadlineMs), look);
      else deadline.abort(new DeadlineError(`a worker took longer than ${deadlineMs} ms`));
    };
    let cancel = after(deadlineMs, look);
    try {
      return await this.#pool.run(request, { transferList: [...transferList], signal: deadline.signal });
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      if ((error as Error).message === `worker exited with code: ${RETIRED_EXIT}`)
        throw new ThreadRetiredError('the thread had grown too much', { cause: error });
      throw error;
    } finally {
      cancel();
    }
  }

  /** Once: Piscina, told again while it ends its threads, takes their end for a loss and begins others. */
  stop(): Promise<void> {
    this.#stopped ??= this.#pool.destroy();
    return this.#stopped;
  }
}
