// The main thread's side of the thread of HTTP: begins it, and does what it asks for.

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Admin, Awaitable } from '../http/admin.ts';
import type { PageSource } from '../http/page.ts';
import type { Readiness } from '../http/readiness.ts';
import type { RoomLimits } from '../http/room.ts';
import type { ServedRoute } from '../http/routes.ts';
import type { Operated } from '../http/server.ts';
import { atMost } from '../time/bounded.ts';
import type { Calls, FromThread, ThreadData, ToThread } from './protocol.ts';
import { type AnsweringJob, RequestAnswers } from './request-answers.ts';
import { errorOf, toldError } from './told-error.ts';
import { Viewers } from './viewers.ts';

/** What the process tells and does. */
export interface OperatedHere extends Omit<Operated, 'live' | 'readiness'> {
  readonly admin: Admin;
  readonly page: PageSource | null;
  readiness(): Readiness;
}

/** What requests may ask. */
export interface ServingHere {
  readonly limits: RoomLimits;
  /** For a `Room`, which says what requests hold. */
  readonly room: SharedArrayBuffer;
  jobs(): readonly AnsweringJob[];
}

export interface HttpThreadOptions extends Pick<ThreadData, 'address' | 'limits' | 'adminToken'> {
  readonly operated: OperatedHere;
  /** Null where nothing is scored for requests. */
  readonly serving: ServingHere | null;
}

/**
 * The thread's entry, which is named and never imported. It runs as TypeScript or built, as this
 * module does.
 */
const ENTRY = new URL(`./main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** A thread that hangs is ended without its word. */
const STOP_MS_MAX = 5_000;

type CallsHere = { readonly [N in keyof Calls]: (...given: never[]) => Awaitable<unknown> };

export class HttpThread {
  readonly #operated: OperatedHere;
  readonly #worker: Worker;
  readonly #answering: RequestAnswers | null;
  readonly #calls: CallsHere;
  readonly #viewers: Viewers | null;
  readonly #listening = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #isEnding = false;
  /** Where it listens: `http://127.0.0.1:8080`, or https. */
  url = '';
  /** All that is served. */
  routes: readonly ServedRoute[] = [];

  private constructor({ operated, serving, ...given }: HttpThreadOptions) {
    const { page } = operated;
    this.#operated = operated;
    this.#answering = serving === null ? null : new RequestAnswers(() => serving.jobs(), this.#post);
    this.#viewers = page === null ? null : new Viewers(page, this.#post);
    this.#calls = callsOf(operated, serving, this.#answering, this.#viewers);
    const jobs = this.#answering?.told();
    const { version, metricsType, admin } = operated;
    this.#worker = new Worker(ENTRY, {
      workerData: {
        ...given,
        ...{ version, metricsType, logLevels: admin.logLevels, page: page?.files ?? null },
        serving:
          serving === null || jobs === undefined
            ? null
            : { room: serving.room, limits: serving.limits, jobs },
      } satisfies ThreadData,
    });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    // A fault of ours, as an error that nobody has caught in this thread.
    this.#worker.on('error', (error) => {
      throw error;
    });
    this.#worker.on('exit', (code) => {
      if (!this.#isEnding) throw new Error(`the thread of HTTP ended with ${code}`);
      this.#stopped.resolve();
    });
  }

  /** Rejects with Node's error where it cannot listen. */
  static async start(options: HttpThreadOptions): Promise<HttpThread> {
    const thread = new HttpThread(options);
    try {
      await thread.#listening.promise;
    } catch (error) {
      thread.#isEnding = true;
      await thread.#worker.terminate();
      throw error;
    }
    return thread;
  }

  /** Open requests are ended. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#post({ type: 'stop' });
    await atMost(STOP_MS_MAX, this.#stopped.promise);
    await this.#worker.terminate();
  }

  readonly #post = (message: ToThread, transferList: readonly ArrayBuffer[] = []): void =>
    this.#worker.postMessage(message, transferList);

  #take(message: FromThread): void {
    const operated = this.#operated;
    switch (message.type) {
      case 'listening':
        this.url = message.url;
        this.routes = message.routes;
        this.#listening.resolve();
        break;
      case 'cannotListen':
        this.#listening.reject(errorOf(message.error));
        break;
      case 'call':
        void this.#call(message);
        break;
      case 'ask':
        this.#answering?.ask(message);
        break;
      case 'gone':
        this.#answering?.gone(message.ids);
        break;
      case 'counted':
        for (const { method, route, status, seconds } of message.answered)
          for (const each of seconds) operated.answered(method, route, status, each);
        for (const reason of message.rejected) operated.rejected(reason);
        break;
      case 'failed':
        operated.failed(errorOf(message.error), message.route);
        break;
      case 'notRenewed':
        operated.notRenewed(errorOf(message.error));
        break;
      case 'took':
        this.#viewers?.took(message.viewer);
        break;
      default:
        this.#stopped.resolve();
    }
  }

  /** What cannot be cloned is a fault of the call too. */
  async #call({ id, name, given }: Extract<FromThread, { readonly type: 'call' }>): Promise<void> {
    try {
      this.#post({ type: 'returned', id, value: await this.#calls[name](...(given as never[])) });
    } catch (error) {
      this.#post({ type: 'threw', id, error: toldError(error) });
    }
  }
}

function callsOf(
  { admin, readiness, metrics }: OperatedHere,
  serving: ServingHere | null,
  answering: RequestAnswers | null,
  viewers: Viewers | null,
): CallsHere {
  const livingOf = (job: string): AnsweringJob['living'] =>
    serving?.jobs().find(({ name }) => name === job)?.living ?? null;
  const calls: { readonly [N in keyof Calls]: (...given: Parameters<Calls[N]>) => Awaitable<unknown> } = {
    live: () => {},
    readiness,
    metrics,
    logLevel: () => admin.logLevel(),
    setLogLevel: (level) => admin.setLogLevel(level),
    drain: () => admin.drain(),
    dump: (job) => admin.dump(job),
    hold: (job, isHeld) => admin.hold(job, isHeld),
    reload: () => admin.reload(),
    models: () => admin.models(),
    orderVersion: (job, order) => admin.orderVersion(job, order),
    jobs: (known) => answering?.news(known) ?? null,
    versionsOf: (job) => livingOf(job)?.told ?? null,
    lookForVersions: (job) => livingOf(job)?.look(),
    joinPage: (viewer) => viewers?.join(viewer) ?? false,
    leavePage: (viewer) => viewers?.leave(viewer),
    endPage: () => viewers?.end(),
  };
  return calls;
}
