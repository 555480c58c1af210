// Parts of a time, in UTC or at a fixed distance from UTC. A zone with summer time has no fixed
// distance. It is not offered because its rules change, and then the same history would get other
// scores.

import type { TimePart } from './spec.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday; weeks begin on Monday. */
const THURSDAY = 3;
const SATURDAY = 5;
/** Night is from midnight to six. */
const NIGHT_ENDS = 6;

/**
 * hour: 0 up to 24, with its fraction. weekday: Monday is 0. monthDay: 1 to 31. month: 1 to 12.
 * isWeekend, isNight (from midnight to six): 0 or 1.
 */
export function timePart(part: TimePart, timestampMs: number, offsetMinutes: number): number {
  const localMs = timestampMs + offsetMinutes * MINUTE_MS;
  const hour = (((localMs % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS;
  const weekday = (((Math.floor(localMs / DAY_MS) + THURSDAY) % 7) + 7) % 7;
  switch (part) {
    case 'hour':
      return hour;
    case 'weekday':
      return weekday;
    case 'isWeekend':
      return weekday >= SATURDAY ? 1 : 0;
    case 'isNight':
      return hour < NIGHT_ENDS ? 1 : 0;
    case 'monthDay':
      return new Date(localMs).getUTCDate();
    case 'month':
      return new Date(localMs).getUTCMonth() + 1;
  }
}
