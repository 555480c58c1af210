// A worker thread: a Piscina of one, with one task at a time and a deadline for each. A thread that
// passes its deadline is ended, and Piscina starts another in its place. Who gets which task is
// decided in the pools, where it is known what is on which thread.

import { EventEmitter } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FixedQueue, Piscina } from 'piscina';
import { SerialQueue } from '../base/serial-queue.ts';
import { dropGuard, keepOutside, letIn, newGuard } from '../base/uninterrupted.ts';
import {
  type GrowthLimits,
  isShared,
  NotLoadedError,
  RETIRED_EXIT,
  type WorkerData,
  type WorkerRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';
import { TaskDeadline } from './task-deadline.ts';

/**
 * The thread had grown too much and ended before it began the task. Give the task to another
 * thread.
 */
export class ThreadRetiredError extends Error {
  override readonly name = 'ThreadRetiredError';
}

/**
 * With less than 4 (measured) V8 cannot begin a thread and ends the process. With this V8 begins,
 * and can say that it is not enough.
 */
const HEAP_MIB_MIN = 8;

/** The task took longer than it may, and its thread was ended. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** One worker thread, as the pools see it. */
export interface WorkerThread {
  /**
   * Moves the buffers to the thread. Requests are done in the order of the calls. Rejects when the
   * thread dies or takes too long; then another takes its place. Rejects with `ThreadRetiredError`
   * when the thread ended before it began.
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

export interface PiscinaThreadOptions {
  /** A task that takes longer ends the thread. While it waits for the registry nothing counts. */
  readonly deadlineMs: number;
  /** A thread whose heap needs more is ended. */
  readonly heapBytesMax?: number;
  /** One that grows more is replaced. */
  readonly growth: GrowthLimits;
  /** The worker's entry; another one only in tests. */
  readonly workerUrl?: URL;
}

/** Lanes share a task up to an eighth of the records that one lane may have in a task. */
const SHARED_SHARE = 1 / 8;
/** A thread may have to wait so long for a core. */
const SHARED_MS_MIN = 2_000;

/** One record that hangs shall not hold up other lanes for as long as its own. */
const sharedDeadlineMs = (deadlineMs: number): number =>
  Math.min(deadlineMs, Math.max(SHARED_MS_MIN, deadlineMs * SHARED_SHARE));

/**
 * The worker's entry, which is named and never imported. It runs as TypeScript or built, as this
 * module does.
 */
const WORKER = new URL(`../worker/main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

export class PiscinaThread implements WorkerThread {
  readonly #deadlineMs: number;
  readonly #pool: Piscina<WorkerRequest, WorkerResponse>;
  readonly #waitedMs: WorkerData['waitedMs'] = new Int32Array(
    new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #guard = newGuard();
  /**
   * Piscina does not keep the order of calls: a task that was skipped once is overtaken by the next
   * to come.
   */
  readonly #queue = new SerialQueue();
  /** Counts the threads, each of which took the place of the one before. */
  #life = 0;
  /**
   * Ends the thread with the task that is under way. One for all tasks: an `AbortSignal` for each
   * costs more than a small task.
   */
  readonly #aborts = new EventEmitter();
  /** Why that was done. */
  #reason: Error | undefined;
  /** Counts the tasks. */
  #task = 0;
  readonly #deadline = new TaskDeadline({
    waitedMs: () => Atomics.load(this.#waitedMs, 0),
    onPassed: (ms) => this.#abort(new DeadlineError(`a worker took longer than ${ms} ms`)),
  });
  #stopped: Promise<void> | undefined;
  #heard: (error: Error) => void = () => {};

  constructor({ deadlineMs, heapBytesMax, growth, workerUrl }: PiscinaThreadOptions) {
    this.#deadlineMs = deadlineMs;
    this.#pool = new Piscina({
      filename: (workerUrl ?? WORKER).href,
      workerData: { growth, waitedMs: this.#waitedMs, guard: this.#guard } satisfies WorkerData,
      minThreads: 1,
      maxThreads: 1,
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
    this.#pool.on('error', (error: Error) => {
      // Piscina replaces a thread that could not begin only with the next task. The task that waits
      // now would wait for ever.
      if (this.#pool.threads.length === 0) this.#abort(error);
      this.#heard(error);
    });
  }

  onError(listener: (error: Error) => void): void {
    this.#heard = listener;
  }

  run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs: number = this.#deadlineMs,
  ): Promise<WorkerResponse> {
    const life = this.#life;
    return this.#queue.run(() => {
      if (this.#stopped !== undefined) throw new Error('the thread was ended');
      // Its successor is not ready, and nobody knows what the thread that was asked held.
      if (life !== this.#life) throw new NotLoadedError('the thread that was asked has ended');
      return this.#run(request, transferList, deadlineMs);
    });
  }

  async #run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs: number,
  ): Promise<WorkerResponse> {
    this.#reason = undefined;
    this.#deadline.begin(isShared(request) ? sharedDeadlineMs(deadlineMs) : deadlineMs);
    try {
      return await this.#pool.run(request, { transferList: [...transferList], signal: this.#aborts });
    } catch (error) {
      this.#life++;
      if (this.#reason !== undefined) throw this.#reason;
      if ((error as Error).message === `worker exited with code: ${RETIRED_EXIT}`)
        throw new ThreadRetiredError('the thread had grown too much', { cause: error });
      throw error;
    } finally {
      this.#deadline.end();
      this.#task++;
    }
  }

  /** As soon as the thread can be ended, unless it has done its task until then. */
  #abort(reason: Error): void {
    const task = this.#task;
    const abort = (): void => {
      if (task !== this.#task) {
        letIn(this.#guard);
        return;
      }
      this.#reason = reason;
      this.#aborts.emit('abort');
    };
    const left = this.#keepOutside();
    if (left === null) abort();
    else void left.then(abort);
  }

  #keepOutside(): Promise<void> | null {
    const [thread] = this.#pool.threads;
    return thread === undefined ? null : keepOutside(this.#guard, thread.threadId);
  }

  /**
   * Only once: a Piscina that is told again while it ends its thread takes that end for a loss, and
   * begins another.
   */
  stop(): Promise<void> {
    this.#deadline.stop();
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    await this.#keepOutside();
    await this.#pool.destroy();
    dropGuard(this.#guard);
  }
}
