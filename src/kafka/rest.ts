// A rest: for a while no fetch begins. All fetchers of a source share it. It is waited for in
// pieces, so that a fetcher never stays away from its heartbeats for long.

import { after } from '../time/timer.ts';

const PIECE_MS = 500;

export class Rest {
  #piece: PromiseWithResolvers<void> | undefined;
  #cancel = (): void => {};

  /** Resolves when the rest, or a piece of a long one, is over. Undefined if there is no rest. */
  get over(): Promise<void> | undefined {
    return this.#piece?.promise;
  }

  /** Begins a rest in place of the one that there is; 0 ends it. */
  begin(ms: number): void {
    this.#cancel();
    if (ms <= 0) {
      this.#piece?.resolve();
      this.#piece = undefined;
      return;
    }
    this.#piece ??= Promise.withResolvers();
    const pieceMs = Math.min(ms, PIECE_MS);
    this.#cancel = after(pieceMs, () => {
      this.begin(0);
      this.begin(ms - pieceMs);
    });
  }
}
