// The only timers of the daemon. Node's own fire at once when they are to wait for more than 2^31 -
// 1 ms, some 25 days: `--for 600h` ended in the moment it began, and a watch set to 2000h barked 30
// times a second.

/** The longest that one of Node's timers waits. */
export const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

/** Takes the callback back, if it was not called yet. */
export type Cancel = () => void;

export interface TimerOptions {
  /** Whether the process stays alive for it; it does unless told otherwise. */
  readonly keepsAlive?: boolean;
}

/** Calls back once, after any time; never where that is infinite. */
export function after(ms: number, callback: () => void, { keepsAlive = true }: TimerOptions = {}): Cancel {
  let timer: NodeJS.Timeout;
  const wait = (restMs: number): void => {
    const isLast = restMs <= NODE_TIMER_MS_MAX;
    timer = setTimeout(
      isLast ? callback : () => wait(restMs - NODE_TIMER_MS_MAX),
      isLast ? restMs : NODE_TIMER_MS_MAX,
    );
    if (!keepsAlive) timer.unref();
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** Calls back again and again, every so long. */
export function every(ms: number, callback: () => void, options: TimerOptions = {}): Cancel {
  let cancel: Cancel;
  const again = (): void => {
    cancel = after(
      ms,
      () => {
        again();
        callback();
      },
      options,
    );
  };
  again();
  return () => cancel();
}

export const pause = (ms: number, options: TimerOptions = {}): Promise<void> =>
  new Promise((resolve) => void after(ms, resolve, options));

/**
 * A signal that is aborted by then; its reason is a `TimeoutError`. Nothing has to be taken back.
 */
export const signalAfter = (ms: number): AbortSignal =>
  AbortSignal.timeout(Math.min(Math.ceil(ms), NODE_TIMER_MS_MAX));
