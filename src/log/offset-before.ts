// Where a lane has to begin to read so that it has seen everything of the last so-and-so long before a position. A log can be asked
// for the first offset of a time, not for the time of an offset: so the time is found by asking.

import type { NextOffset } from './offset.ts';

/** Asks for the first offset whose record is of that time or later: where the log ends if there is none, where it starts for -Infinity. */
export type OffsetAt = (timestampMs: number) => Promise<number>;

/** The time of the position is found to within this part of the reach. */
const PRECISION = 16;
const STEP_MS_MIN = 1_000;

/**
 * An offset, not after `position`, such that every record below it is more than `reachMs` older than the latest record below
 * `position`. For an infinite reach that is where the log starts.
 */
export async function offsetBefore(
  position: NextOffset,
  reachMs: number,
  nowMs: number,
  offsetAt: OffsetAt,
): Promise<number> {
  const start = await offsetAt(Number.NEGATIVE_INFINITY);
  if (start >= position) return position;
  if (reachMs === Number.POSITIVE_INFINITY) return start;
  const stepMs = Math.max(STEP_MS_MIN, reachMs / PRECISION);
  const isReached = async (timeMs: number): Promise<boolean> => (await offsetAt(timeMs)) < position;
  // Something below the position is of `reached` or later, nothing is of `beyond` or later.
  let [reached, beyond] = [nowMs, nowMs];
  for (let back = stepMs; !(await isReached(reached)); back *= 2) {
    if (reached <= 0) return start;
    [reached, beyond] = [Math.max(0, nowMs - back), reached];
  }
  while (beyond - reached > stepMs) {
    const middle = Math.floor((reached + beyond) / 2);
    if (await isReached(middle)) reached = middle;
    else beyond = middle;
  }
  return Math.min(position, Math.max(start, await offsetAt(reached - reachMs)));
}
