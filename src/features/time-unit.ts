// In what a record may say a time, and how far it may be: what is no date is no time, and windows
// could not count to it.

/**
 * What ECMAScript calls a time value: 100 million days to either side of 1970. Whatever is further
 * has no date.
 */
export const TIME_MS_MAX = 8.64e15;

/** In what a field may say a time. */
export const TIME_UNITS = ['ms', 's', 'us', 'ns'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/**
 * Milliseconds of a time in each: multiplied or divided by whole numbers, which a double holds
 * exactly.
 */
export const MS_OF: Readonly<Record<TimeUnit, (time: number) => number>> = {
  s: (time) => time * 1_000,
  ms: (time) => time,
  us: (time) => time / 1_000,
  ns: (time) => time / 1_000_000,
};
