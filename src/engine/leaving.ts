// The last part of a stop: to leave the source in order. Lanes must not use up all the time of a
// stop, and a broker that does not answer must not hold up the end of the process.

import type { Source } from '../log/ports.ts';
import type { Clock } from './ports.ts';

/** How a stop ended. */
export interface Stopped {
  /** The lanes that had not finished before the deadline. */
  readonly unfinished: readonly string[];
  /**
   * Why the source was not left in order. Then the other members learn of it when the session ends.
   */
  readonly notLeft?: string;
}

const LEAVING_SHARE = 1 / 8;

/** How much of the time of a stop is kept for leaving. */
export const leavingMs = (stopTimeoutMs: number): number => stopTimeoutMs * LEAVING_SHARE;

/**
 * Resolves to why the source was not left in order, or to undefined if it was; not later than
 * `untilMs`.
 */
export function leave(source: Source, clock: Clock, untilMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(untilMs, () => resolve('no answer'));
    source
      .stop()
      .then(
        () => resolve(undefined),
        (error: Error) => resolve(error.message),
      )
      .finally(cancel);
  });
}
