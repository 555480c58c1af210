// A rest: for a while no fetch brings anything, unless there is much. All fetchers of a source
// share it. Where records come all the time, the fetch itself waits, at the broker: to be woken
// costs this process as much as a small cycle. Other rests are waited for here, in pieces, so that
// a fetcher never stays away from its heartbeats for long.

import { after } from '../time/timer.ts';

const PIECE_MS = 500;
/** A fetch cannot be taken back, and what is resumed meanwhile waits for its end. */
const AT_BROKER_MS_MAX = 100;
/** Rests that begin within so many of their lengths: records come in nearly all of them. */
const STEADY = 2;

export class Rest {
  #piece: PromiseWithResolvers<void> | undefined;
  #cancel = (): void => {};
  #beganMs = Number.NEGATIVE_INFINITY;
  /** Of a rest at the broker. */
  #untilMs = 0;

  /**
   * Undefined where a fetch may begin. Otherwise resolves when the rest, or a piece of a long one,
   * is over.
   */
  get over(): Promise<void> | undefined {
    return this.#piece?.promise;
  }

  /** So long a fetch that begins now waits at the broker; 0 if there is no such rest. */
  get atBrokerMs(): number {
    return Math.floor(Math.max(0, this.#untilMs - performance.now()));
  }

  /** Begins a rest in place of the one that there is; 0 ends it. */
  begin(ms: number): void {
    const nowMs = performance.now();
    const isSteady = nowMs - this.#beganMs < STEADY * ms;
    const isAtBroker = isSteady && ms <= AT_BROKER_MS_MAX;
    if (ms > 0) this.#beganMs = nowMs;
    this.#untilMs = isAtBroker ? nowMs + ms : 0;
    this.#wait(isAtBroker ? 0 : ms);
  }

  #wait(ms: number): void {
    this.#cancel();
    if (ms <= 0) {
      this.#piece?.resolve();
      this.#piece = undefined;
      return;
    }
    this.#piece ??= Promise.withResolvers();
    const pieceMs = Math.min(ms, PIECE_MS);
    this.#cancel = after(pieceMs, () => {
      this.#wait(0);
      this.#wait(ms - pieceMs);
    });
  }
}
