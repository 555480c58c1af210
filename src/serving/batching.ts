// Makes micro-batches of requests: one turn at the threads is asked for at a time, what waits when
// it comes is scored together, and each request gets its own answer, or an error in time.

import { after, type Cancel } from '../time/timer.ts';
import { ClientGoneError, NotServingError, TooLateError } from './errors.ts';
import { Gathering, type Sized } from './gathering.ts';
import type { RequestRest } from './rest.ts';

/** What became of a micro-batch: an answer for each piece, in order, and the time of the thread. */
export interface Ran<Answer> {
  readonly answers: readonly Answer[];
  readonly tookMs: number;
}

/** Scores what `close` gives when there is a thread. */
export type Run<Items, Answer> = (close: () => readonly Items[] | null) => Promise<Ran<Answer> | null>;

export interface BatchingOptions {
  readonly most: Sized;
  /** How long to wait before a turn is asked for, besides for what comes at the same moment. */
  readonly rest: Pick<RequestRest, 'at'>;
  /** A request that was not answered after so long gets an error. */
  readonly timeoutMs: number;
  /** Told of each micro-batch. */
  readonly onClosed: (records: number) => void;
}

/** A task is not interrupted: as with jobs that share threads, a lane waits no longer for one. */
const TASK_MS = 5;
/** How much one more task counts in the mean time of a record. */
const FRESH = 0.2;

/** To hand over an answer takes some microseconds of the main thread. */
const TOLD_AT_ONCE = 128;

interface Piece<Items, Answer> extends Sized {
  readonly items: Items;
  readonly untilMs: number;
  /** Whether its client went away. */
  readonly isGone: () => boolean;
  readonly given: PromiseWithResolvers<Answer>;
}

export class Batching<Items, Answer> {
  readonly #options: BatchingOptions;
  readonly #run: Run<Items, Answer>;
  readonly #gathering = new Gathering<Piece<Items, Answer>>();
  /** What a record of a task takes; 0 until it is known. */
  #recordMs = 0;
  /** Without an answer, the oldest first: all have the same time. */
  readonly #open = new Set<Piece<Items, Answer>>();
  #isAsking = false;
  #timer: Cancel | null = null;
  #ended: Error | null = null;

  constructor(options: BatchingOptions, run: Run<Items, Answer>) {
    this.#options = options;
    this.#run = run;
  }

  /**
   * Rejects with `TooLateError`, with `NotServingError`, and as `run` does. What a client that went
   * away has asked is not scored.
   */
  ask(items: Items, { records, bytes }: Sized, isGone: () => boolean): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const untilMs = performance.now() + this.#options.timeoutMs;
    const piece = { items, records, bytes, untilMs, isGone, given: Promise.withResolvers<Answer>() };
    this.#open.add(piece);
    this.#gathering.add(piece);
    this.#timer ??= after(this.#options.timeoutMs, () => this.#expire());
    this.#askForTurn();
    return piece.given.promise;
  }

  /** Takes nothing new. Resolves when all that was asked has its answer. */
  async end(why: string): Promise<void> {
    this.#ended = new NotServingError(why);
    await Promise.allSettled([...this.#open].map(({ given }) => given.promise));
  }

  /** After the other sockets of this turn of the event loop were read: requests come in swarms. */
  #askForTurn(): void {
    if (this.#isAsking || this.#gathering.isEmpty) return;
    this.#isAsking = true;
    const restMs = this.#options.rest.at(performance.now());
    const turn = (): void => void this.#turn();
    if (restMs === 0) setImmediate(turn);
    else after(restMs, turn);
  }

  async #turn(): Promise<void> {
    let closed: readonly Piece<Items, Answer>[] | null = null;
    try {
      const ran = await this.#run(() => {
        closed = this.#close();
        return closed.length === 0 ? null : closed.map(({ items }) => items);
      });
      if (ran === null) return;
      this.#took(ran.tookMs, closed ?? []);
      await this.#tell(closed ?? [], ran.answers);
    } catch (error) {
      // Before it was closed: no thread can serve.
      const failed = closed ?? this.#gathering.clear();
      const cause = closed === null ? notServing(error as Error) : (error as Error);
      this.#end(failed, ({ given }) => given.reject(cause));
      if (closed === null) this.#isAsking = false;
    }
  }

  #close(): readonly Piece<Items, Answer>[] {
    const { bytes, records: most } = this.#options.most;
    const records = this.#recordMs === 0 ? most : Math.min(most, Math.ceil(TASK_MS / this.#recordMs));
    const closed = this.#gathering.close({ records, bytes }, (piece) => {
      if (piece.isGone())
        this.#end([piece], ({ given }) => given.reject(new ClientGoneError('the client went away')));
      return this.#open.has(piece);
    });
    this.#options.onClosed(closed.reduce((sum, { records }) => sum + records, 0));
    this.#isAsking = false;
    this.#askForTurn();
    return closed;
  }

  /** A few at a time: between them the main thread serves the stream. */
  async #tell(closed: readonly Piece<Items, Answer>[], answers: readonly Answer[]): Promise<void> {
    for (let from = 0; from < closed.length; from += TOLD_AT_ONCE) {
      if (from > 0) await new Promise((resolve) => setImmediate(resolve));
      this.#end(closed.slice(from, from + TOLD_AT_ONCE), (piece, index) =>
        piece.given.resolve(answers[from + index] as Answer),
      );
    }
  }

  #took(ms: number, pieces: readonly Sized[]): void {
    const records = pieces.reduce((sum, piece) => sum + piece.records, 0);
    if (records === 0) return;
    const recordMs = ms / records;
    this.#recordMs += (this.#recordMs === 0 ? 1 : FRESH) * (recordMs - this.#recordMs);
  }

  #end(
    pieces: readonly Piece<Items, Answer>[],
    tell: (piece: Piece<Items, Answer>, index: number) => void,
  ): void {
    pieces.forEach((piece, index) => {
      this.#open.delete(piece);
      tell(piece, index);
    });
    if (this.#open.size > 0) return;
    this.#timer?.();
    this.#timer = null;
  }

  /** Those whose time is over get their error; the timer is set for the oldest of the others. */
  #expire(): void {
    const nowMs = performance.now();
    const { timeoutMs } = this.#options;
    for (const piece of this.#open) {
      if (piece.untilMs > nowMs) {
        this.#timer = after(piece.untilMs - nowMs, () => this.#expire());
        return;
      }
      this.#end([piece], ({ given }) =>
        given.reject(new TooLateError(`not scored within ${timeoutMs} ms (http.scoreTimeout)`)),
      );
    }
    this.#timer = null;
  }
}

const notServing = (error: Error): NotServingError =>
  new NotServingError(`no worker thread can score now: ${error.message}`, { cause: error });
