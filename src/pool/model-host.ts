// One worker thread and the models that it should have. Loads them at the start, and again when
// another thread took its place. Several pools may ask the same thread, each for its own model.

import { blamedBy } from '../base/errors.ts';
import { ModelError } from '../model/model-error.ts';
import {
  type Deployment,
  type Failed,
  NotLoadedError,
  type ScorerSetup,
  type WorkerRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';
import { DeadlineError, ThreadRetiredError, type WorkerThread } from './worker-thread.ts';

/** A worker's own answer that it could not score. Its code is that of the error in the worker. */
export class ScoringError extends Error {
  override readonly name = 'ScoringError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A fault of the thread is tried again on another thread. Any other error is the answer. */
function failure({ code, message, stack }: Failed): Error {
  const error =
    code === new NotLoadedError().code
      ? new NotLoadedError(message)
      : blamedBy(code) === 'batch'
        ? new ScoringError(code, message)
        : Object.assign(new Error(`${code}: ${message}`), { code });
  // The stack in the thread shows the place of the fault.
  error.stack = stack;
  return error;
}

/** An error that comes out of a thread is a copy and has no class. */
const startError = (error: NodeJS.ErrnoException): ModelError =>
  new ModelError(
    error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `a worker thread could not load the model within scoring.heapBytes, set it higher (${error.message})`
      : error.message,
    { cause: error },
  );

/**
 * To load a large model, or a large state, takes a while. A thread that has not answered after this
 * time will never answer.
 */
const LOAD_TIMEOUT_MS = 120_000;

/** A start should not wait long for code to be compiled. */
const WARM_UP_MS = 100;

/** How many threads may end, one after the other, before they begin to load a model. */
const LOADS_MAX = 20;

/** The thread ended, or had no model, before it began with what was asked: ask again. */
export const isNotBegun = (error: unknown): boolean =>
  error instanceof ThreadRetiredError || error instanceof NotLoadedError;

export interface HostOptions {
  /** Each loss of the thread, for the log and the metrics. */
  readonly onThreadLost: (why: string, error: Error) => void;
}

export class ModelHost {
  readonly #thread: WorkerThread;
  readonly #options: HostOptions;
  /** What the thread should have. */
  readonly #deployments = new Map<string, ScorerSetup>();
  /** Set from the loss of the thread until its successor was seen to work. */
  #isLost = false;
  #recovering: Promise<void> | undefined;
  /** Those that load a model hear of a thread that dies meanwhile, whatever it was doing. */
  readonly #loading = new Set<(error: Error) => void>();

  constructor(thread: WorkerThread, options: HostOptions) {
    this.#thread = thread;
    this.#options = options;
    thread.onError((error) => {
      for (const fail of this.#loading) fail(error);
      // A thread that serves nothing loses nothing.
      if (this.#deployments.size === 0) return;
      options.onThreadLost(error.message, error);
      this.recover();
    });
  }

  /**
   * Resolves when the thread has loaded and checked the model, and answers for its golden records
   * in the time of a task. Rejects with `ModelError`: then it does not have the model. `warmUpMs`:
   * as in `LoadRequest`.
   */
  async load(deployment: Deployment, warmUpMs = WARM_UP_MS): Promise<void> {
    await this.ready;
    for (let left = LOADS_MAX; ; left--)
      try {
        await this.#loadNow(deployment, warmUpMs);
        break;
      } catch (error) {
        // The thread has ended before it began: its successor can load the model. Records of other
        // jobs may end several.
        if (!isNotBegun(error) || left === 1) throw startError(error as NodeJS.ErrnoException);
        this.recover();
        await this.ready;
      }
    this.#deployments.set(deployment.id, deployment.setup);
  }

  async #loadNow({ id, setup }: Deployment, warmUpMs: number): Promise<void> {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    failed.catch(() => {});
    this.#loading.add(reject);
    try {
      await Promise.race([failed, this.#load(id, setup, warmUpMs)]);
      await Promise.race([failed, this.#probeInTime(id)]);
    } catch (error) {
      // The models that it had before are gone with the thread.
      if (!(error instanceof ModelError || isNotBegun(error)) && this.#deployments.size > 0) {
        this.lost((error as Error).message, error as Error);
        this.recover();
      }
      throw error;
    } finally {
      this.#loading.delete(reject);
    }
  }

  /**
   * The thread gives up the model, and what it holds for it. If it is lost it has none: its
   * successor is not given it.
   */
  async unload(id: string): Promise<void> {
    if (!this.#deployments.delete(id)) return;
    try {
      await this.ask({ type: 'unload', deployment: id });
    } catch (error) {
      if (!isNotBegun(error)) this.lost((error as Error).message, error as Error);
      this.recover();
    }
  }

  /**
   * Undefined where the thread works. Otherwise resolves when it works again, and rejects when it
   * cannot serve: whoever asks the next time lets it try again.
   */
  get ready(): Promise<void> | undefined {
    if (!this.#isLost) return undefined;
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  /**
   * The thread was lost. Its successor gets no task before it has its models and they give their
   * golden scores.
   */
  recover(): void {
    this.#isLost = true;
    this.ready?.catch(() => {});
  }

  /**
   * Asks the thread something. If that was the loss of the thread, the thread is replaced. The
   * question is not asked again. `where`: what is asked of, for the log.
   */
  async survive<T>(ask: () => Promise<T>, where?: string): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ScoringError) throw error;
      const { message } = error as Error;
      if (!isNotBegun(error))
        this.lost(where === undefined ? message : `${message} (${where})`, error as Error);
      this.recover();
      throw error;
    }
  }

  /** Logs the loss of the thread, or a fault that is as bad, during a task. */
  lost(why: string, error: Error): void {
    this.#options.onThreadLost(why, error);
  }

  /**
   * The answer of the thread. Rejects with `ScoringError` where it could not do it, and with other
   * errors where it was lost.
   */
  async run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[] = [],
    deadlineMs?: number,
  ): Promise<WorkerResponse> {
    const response = await this.#thread.run(request, transferList, deadlineMs);
    if (response.type === 'failed') throw failure(response);
    return response;
  }

  /** For requests that may take as long as to load the model. */
  ask(request: WorkerRequest): Promise<WorkerResponse> {
    return this.run(request, [], LOAD_TIMEOUT_MS);
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }

  /**
   * It may still be the same thread: then it has its models, and what it holds for them. A model
   * that cannot be loaded any more is the trouble of who asks for it, as long as another one can.
   */
  async #recover(): Promise<void> {
    const failures: unknown[] = [];
    for (const [id, setup] of this.#deployments)
      try {
        await this.ask({ type: 'probe', deployment: id });
      } catch (error) {
        if (error instanceof NotLoadedError)
          await this.#load(id, setup).catch((trouble: unknown) => failures.push(trouble));
        else failures.push(error);
      }
    if (failures.length > 0 && failures.length === this.#deployments.size) throw failures[0];
    this.#isLost = false;
  }

  async #load(deployment: string, setup: ScorerSetup, warmUpMs = WARM_UP_MS): Promise<void> {
    const request = { type: 'load', deployment, setup, warmUpMs } as const;
    const response = await this.#thread.run(request, [], LOAD_TIMEOUT_MS);
    if (response.type !== 'failed') return;
    throw Object.assign(new ModelError(response.message), { stack: response.stack });
  }

  /** If a few golden records take longer than a task may take, no record can ever be scored. */
  async #probeInTime(deployment: string): Promise<void> {
    try {
      await this.run({ type: 'probe', deployment });
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new Error(
        `${error.message}, which is scoring.deadline, for the golden records of the model: set it to what a task may take`,
        { cause: error },
      );
    }
  }
}
