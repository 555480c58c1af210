// The only timers of the daemon. Node's own timers fire at once if their time is longer than 2^31 -
// 1 ms, some 25 days: `--for 600h` ended at once, and a watchdog set to 2000h fired 30 times a
// second.

/** The longest time for one of Node's timers. */
export const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

/** Cancels the callback, if it was not called yet. */
export type Cancel = () => void;

export interface TimerOptions {
  /** Whether the process stays alive for the timer; the default is yes. */
  readonly keepsAlive?: boolean;
}

/** Calls back once, after a time of any length; never if it is infinite. */
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

/** Calls back again and again, each time after `ms`. */
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
 * A signal that is aborted after `ms`; its reason is a `TimeoutError`. It need not be cancelled.
 */
export const signalAfter = (ms: number): AbortSignal =>
  AbortSignal.timeout(Math.min(Math.ceil(ms), NODE_TIMER_MS_MAX));
