// Waits for what the daemon cannot begin without: tries again and again, and says so, also while a
// try has no answer.

import { RefusedError } from '../kafka/refusal.ts';
import type { Logger } from '../telemetry/log.ts';
import { unlessAborted } from '../time/bounded.ts';
import { every, pause, signalAfter } from '../time/timer.ts';
import { UnavailableError } from './errors.ts';

/** How often it is said that something is waited for. */
export const COMPLAIN_MS = 10_000;
const TRY_AGAIN_MS = 1_000;
/** Logins that are refused may be counted. */
const REFUSED_AGAIN_MS = 5_000;

/** How a command waits for what is not there yet. */
export interface Patience {
  readonly logger: Logger;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /**
   * With a number it is tried only once, and no longer than so many milliseconds: rejects with
   * `UnavailableError`.
   */
  readonly failAfterMs: number | undefined;
  /**
   * What the broker refuses is waited for until then, on the clock of `performance`; not at all
   * unless given.
   */
  readonly refusedUntilMs?: number;
  /** It was said that something is not ready. */
  readonly onNotReady?: (why: string) => void;
}

export interface Trying extends Patience {
  /** What is not there when it fails, and where it was looked for. */
  readonly where: string;
  /** What to say of one that may pass; its message, unless given. */
  readonly describe?: (error: Error) => string;
  /** What to say of an error that no trying again mends; undefined for all others. */
  readonly hopeless?: (error: unknown) => unknown;
}

/** Rejects with the reason of the signal, once that is aborted. */
export async function keepTrying<T>(act: () => Promise<T>, trying: Trying): Promise<T> {
  const {
    where,
    logger,
    signal,
    failAfterMs,
    refusedUntilMs = Number.NEGATIVE_INFINITY,
    onNotReady,
    hopeless = () => undefined,
    describe = ({ message }: Error) => message,
  } = trying;
  let complainedMs = Number.NEGATIVE_INFINITY;
  const complain = (message: string): void => {
    if (performance.now() - complainedMs < COMPLAIN_MS) return;
    logger.warn(`not ready: ${message}; trying again`);
    complainedMs = performance.now();
    onNotReady?.(message);
  };
  for (;;) {
    let againAfterMs = TRY_AGAIN_MS;
    const silent = every(COMPLAIN_MS, () => complain(`${where}: no answer`));
    try {
      const tried = failAfterMs === undefined ? act() : answered(act(), failAfterMs);
      return await unlessAborted(tried, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const final = error instanceof SilentError ? undefined : hopeless(error);
      const leftMs = refusedUntilMs - performance.now();
      if (final instanceof RefusedError && leftMs > 0) {
        complain(`${final.message}; waiting ${Math.ceil(leftMs / 1000)} s more for it (lanes.rightsTimeout)`);
        againAfterMs = Math.min(leftMs, REFUSED_AGAIN_MS);
      } else {
        if (final !== undefined) throw final;
        const message = `${where}: ${describe(error as Error)}`;
        if (failAfterMs !== undefined) throw new UnavailableError(message, { cause: error });
        complain(message);
      }
    } finally {
      silent();
    }
    await unlessAborted(pause(againAfterMs), signal);
  }
}

/** Whatever was asked may pass. */
class SilentError extends Error {
  override readonly name = 'SilentError';
}

/** Rejects when there is no answer by then. */
async function answered<T>(act: Promise<T>, withinMs: number): Promise<T> {
  const late = signalAfter(withinMs);
  try {
    return await unlessAborted(act, late);
  } catch (error) {
    if (error === late.reason) throw new SilentError(`no answer within ${withinMs} ms`, { cause: error });
    throw error;
  }
}
