// How long something has taken, for a line of the log.

/** In seconds, with one decimal. `sinceMs`: of `performance.now()`. */
export const secondsSince = (sinceMs: number): string => ((performance.now() - sinceMs) / 1_000).toFixed(1);
