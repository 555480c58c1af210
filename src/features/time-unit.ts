// The units in which a record may give a time, and the range of a time. A number outside of the
// range is no date, and windows could not count with it.

/**
 * The range of ECMAScript's time values: 100 million days before and after 1970. No date is outside
 * of it.
 */
export const TIME_MS_MAX = 8.64e15;

/** The units in which a field may give a time. */
export const TIME_UNITS = ['ms', 's', 'us', 'ns'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/**
 * By unit: from a time to milliseconds. The factors are whole numbers, which a double holds
 * exactly.
 */
export const MS_OF: Readonly<Record<TimeUnit, (time: number) => number>> = {
  s: (time) => time * 1_000,
  ms: (time) => time,
  us: (time) => time / 1_000,
  ns: (time) => time / 1_000_000,
};
