// Waits that end: when a signal says so, or after some time. The work may go on and fail after
// that; nobody hears of it.

import { after, type Cancel } from './timer.ts';

/** As `work` ends, unless the signal comes first: then it rejects with the signal's reason. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Resolves when the work has ended, well or badly, or after so long. Resolves to whether it has
 * ended.
 */
export async function atMost(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let cancel: Cancel | undefined;
  const late = new Promise<false>((resolve) => {
    cancel = after(Math.max(0, limitMs), () => resolve(false));
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    cancel?.();
  }
}
