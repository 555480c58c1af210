// Waits for what the daemon cannot begin without: tries again and again, and says so.

import type { Logger } from '../telemetry/log.ts';
import { UnavailableError } from './exit-codes.ts';

const COMPLAIN_MS = 10_000;
const TRY_AGAIN_MS = 1_000;

export interface Trying {
  /** What is not there when it fails, and where it was looked for. */
  readonly where: string;
  readonly logger: Logger;
  /** Only once: rejects with `UnavailableError`. */
  readonly failFast: boolean;
  /** Whether trying again may help; always, unless given. */
  readonly mayHelp?: (error: unknown) => boolean;
}

export async function keepTrying<T>(
  act: () => Promise<T>,
  { where, logger, failFast, mayHelp = () => true }: Trying,
): Promise<T> {
  let complainedMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!mayHelp(error)) throw error;
      const words = `${where}: ${(error as Error).message}`;
      if (failFast) throw new UnavailableError(words, { cause: error });
      if (performance.now() - complainedMs >= COMPLAIN_MS) {
        logger.warn(`not ready: ${words}; trying again`);
        complainedMs = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}
