// Gives out worker threads, one task at a time. Several jobs may share them: who has had less time
// of the threads lately goes first, so that a busy job does not starve another (start-time fair
// queueing, Goyal, Vin and Cheng 1996, with the time of a job's tasks so far as the guess for the
// next). Within a job those that wait are served in the order of their calls. A thread that is
// being replaced is not free; it holds up nobody while there are other threads.

import type { ModelHost } from './model-host.ts';

/** Who waits for a thread: for one of them, or for any. */
interface Waiting {
  readonly host: ModelHost | undefined;
  readonly given: PromiseWithResolvers<ModelHost>;
}

/**
 * A task may wait in its thread for what is no task, such as a model that is loaded for another
 * job. No task is charged for more than so many times what its job's tasks take, or than so long.
 */
const CHARGED_MAX = 10;
const CHARGED_MS_MAX = 100;
/** Who has asked for a thread within this time will ask again soon. */
const LATELY_MS = 1_000;
/** How much one more task counts in the mean time of a job's tasks. */
const FRESH = 0.2;

/** The turns of one job at the threads. Jobs are compared by the time that they were served. */
export class Turns {
  readonly #threads: FreeThreads;
  readonly #waiting: Waiting[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  /** The virtual time at which its next task begins: its service so far, without its pauses. */
  #nextMs = 0;
  /** What a task is expected to take, until it is known. */
  #expectedMs = 0;
  readonly #served = new Map<ModelHost, { readonly sinceMs: number; readonly expectedMs: number }>();

  /** Use `FreeThreads.turns()`. */
  constructor(threads: FreeThreads) {
    this.#threads = threads;
  }

  /** The turns of somebody else at the same threads. */
  beside(): Turns {
    return this.#threads.turns();
  }

  /** Whether other jobs share the threads. */
  get isShared(): boolean {
    return !this.#threads.isOfOne;
  }

  /** Whether one of them has asked for a thread lately. */
  get isContended(): boolean {
    return this.#threads.othersAsk(this);
  }

  /** When it asked last. */
  get askedMs(): number {
    return this.#askedMs;
  }

  /** Whether nobody has to be waited for: no other job shares the threads, and nothing waits. */
  get isAlone(): boolean {
    return !this.isShared && this.#waiting.length === 0;
  }

  /**
   * Nobody else is given the thread until it is released. Rejects when none can serve, with what
   * the last of them said; if one thread is asked for, with what that one said.
   */
  acquire(host?: ModelHost): Promise<ModelHost> {
    const waiting = { host, given: Promise.withResolvers<ModelHost>() };
    this.#askedMs = this.#threads.nowMs();
    this.#waiting.push(waiting);
    this.#threads.begin(this);
    return waiting.given.promise;
  }

  release(host: ModelHost): void {
    const served = this.#served.get(host);
    if (served !== undefined) {
      this.#served.delete(host);
      const mostMs = Math.max(CHARGED_MS_MAX, CHARGED_MAX * this.#expectedMs);
      const tookMs = Math.min(this.#threads.nowMs() - served.sinceMs, mostMs);
      this.#nextMs += tookMs - served.expectedMs;
      this.#expectedMs += FRESH * (tookMs - this.#expectedMs);
    }
    this.#threads.release(host);
  }

  /** The job is over: it is not compared with others any more. */
  leave(): void {
    this.#threads.leave(this);
  }

  /** Virtual time; null when it has nobody for this thread. */
  startsMs(host: ModelHost, clockMs: number): number | null {
    return this.#first(host) < 0 ? null : Math.max(this.#nextMs, clockMs);
  }

  /** Gives the thread to the first who waits for it. A pause before is no service that is owed. */
  serve(host: ModelHost, clockMs: number): void {
    const [waiting] = this.#waiting.splice(this.#first(host), 1);
    const expectedMs = this.#expectedMs;
    this.#nextMs = Math.max(this.#nextMs, clockMs) + expectedMs;
    this.#served.set(host, { sinceMs: this.#threads.nowMs(), expectedMs });
    waiting?.given.resolve(host);
  }

  /**
   * Whoever can only be served by this thread, or by any if none is left, is told why it is not.
   */
  refuse(host: ModelHost, isLast: boolean, error: Error): void {
    for (const waiting of this.#waiting.splice(0))
      if (waiting.host === host || isLast) waiting.given.reject(error);
      else this.#waiting.push(waiting);
  }

  #first(host: ModelHost): number {
    return this.#waiting.findIndex((waiting) => waiting.host === undefined || waiting.host === host);
  }
}

export class FreeThreads {
  readonly hosts: readonly ModelHost[];
  readonly nowMs: () => number;
  /** The thread that became free last is given first: its caches are warm. */
  readonly #free: ModelHost[];
  /** Replaced without success. */
  readonly #broken = new Set<ModelHost>();
  readonly #jobs = new Set<Turns>();
  /** The virtual time: when the task that was begun last began. */
  #clockMs = 0;

  constructor(hosts: readonly ModelHost[], nowMs = (): number => performance.now()) {
    this.hosts = hosts;
    this.nowMs = nowMs;
    this.#free = [...hosts];
  }

  /** One more job shares the threads. */
  turns(): Turns {
    const turns = new Turns(this);
    this.#jobs.add(turns);
    return turns;
  }

  get isOfOne(): boolean {
    return this.#jobs.size <= 1;
  }

  /** Whether another job than this one has asked for a thread lately. */
  othersAsk(turns: Turns): boolean {
    if (this.isOfOne) return false;
    const sinceMs = this.nowMs() - LATELY_MS;
    for (const other of this.#jobs) if (other !== turns && other.askedMs > sinceMs) return true;
    return false;
  }

  /** Somebody waits: gives out what is free. */
  begin(turns: Turns): void {
    for (let index = this.#free.length - 1; index >= 0; index--) {
      const host = this.#free[index] as ModelHost;
      if (host.ready !== undefined || turns.startsMs(host, this.#clockMs) === null) continue;
      this.#free.splice(index, 1);
      this.#give(host);
      return;
    }
    // Those that nobody has were lost, or could not be replaced: perhaps they can now.
    const lost = this.#free.filter((host) => host.ready !== undefined);
    for (const host of lost) this.#free.splice(this.#free.indexOf(host), 1);
    for (const host of [...lost, ...this.#broken]) this.release(host);
  }

  release(host: ModelHost): void {
    this.#broken.delete(host);
    const { ready } = host;
    if (ready === undefined) this.#give(host);
    else
      ready.then(
        () => this.#give(host),
        (error: Error) => this.#broke(host, error),
      );
  }

  leave(turns: Turns): void {
    this.#jobs.delete(turns);
  }

  /** To the job that has had the least. */
  #give(host: ModelHost): void {
    let next: Turns | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    for (const turns of this.#jobs) {
      const startsMs = turns.startsMs(host, this.#clockMs);
      if (startsMs === null || startsMs >= leastMs) continue;
      [next, leastMs] = [turns, startsMs];
    }
    if (next === undefined) {
      this.#free.push(host);
      return;
    }
    next.serve(host, this.#clockMs);
    this.#clockMs = leastMs;
  }

  /** It is tried again when somebody asks and no thread is free. */
  #broke(host: ModelHost, error: Error): void {
    this.#broken.add(host);
    for (const turns of this.#jobs) turns.refuse(host, this.#broken.size === this.hosts.length, error);
  }
}
