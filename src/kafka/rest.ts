// The time in which no fetch begins. Fetchers wait here for its end, which may be moved.

import { after, type Cancel } from '../time/timer.ts';

export class Rest {
  #end: Cancel = () => {};
  #over: PromiseWithResolvers<void> | undefined;

  /** Begins to count anew: it is over after so many milliseconds. 0: now. */
  begin(ms: number): void {
    this.#end();
    this.#end = () => {};
    if (ms > 0) {
      this.#over ??= Promise.withResolvers<void>();
      this.#end = after(ms, () => this.begin(0));
      return;
    }
    this.#over?.resolve();
    this.#over = undefined;
  }

  /** Undefined where no rest is under way. Otherwise resolves when it is over. */
  get over(): Promise<void> | undefined {
    return this.#over?.promise;
  }
}
