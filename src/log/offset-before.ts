// Where a lane has to begin to read so that its state has seen everything of the last so-and-so
// long before a position. A log can be asked for the first offset of a time, not for the time of an
// offset: so the time is found by asking. What is found so is the time of anything that lies in the
// log, also of what no state takes (a refused record, an aborted one, the marker of a transaction):
// it is an assumption, and who reads from there has to look whether what was taken bears it out.

import type { NextOffset } from './offset.ts';

/**
 * Asks for the first offset whose record is of that time or later: where the log ends if there is
 * none, where it starts for -Infinity.
 */
export type OffsetAt = (timestampMs: number) => Promise<number>;

/** How far a state looks back from the latest time that it has taken. */
export interface Reach {
  readonly ms: number;
  /** The time of a record that is taken lies within so much of its timestamp, to either side. */
  readonly driftMs: number;
}

export interface Beginning {
  readonly offset: number;
  /**
   * By the position something of that time or later must have been taken: otherwise it began too
   * late. -Infinity: it did not.
   */
  readonly assumedMs: number;
}

/** A state that began too late. */
export interface TooLate {
  readonly began: number;
  /** The latest time that it took on its way to the position; -Infinity if it took nothing. */
  readonly latestMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;
/** A time is found to within this part of the reach. */
const PRECISION = 16;
const STEP_MS_MIN = 1_000;

const stepOf = ({ ms, driftMs }: Reach): number => Math.max(STEP_MS_MIN, (ms + 2 * driftMs) / PRECISION);

/**
 * Where to begin, at the position or before it; after an attempt that was too late, further back.
 * Every record below is then of timestamps that cannot be within reach of `assumedMs`, nor of
 * anything later.
 */
export async function beginningBefore(
  position: NextOffset,
  reach: Reach,
  nowMs: number,
  offsetAt: OffsetAt,
  tooLate: TooLate | null = null,
): Promise<Beginning> {
  const start = await offsetAt(NEVER);
  const whole: Beginning = { offset: Math.min(start, position), assumedMs: NEVER };
  if (start >= position || reach.ms + reach.driftMs === Number.POSITIVE_INFINITY) return whole;
  const assumedMs =
    tooLate !== null && tooLate.latestMs > NEVER
      ? tooLate.latestMs
      : // Less by a step: what is a little later than all that is taken, as markers are, should not cost a second attempt.
        (await latestBelow(tooLate?.began ?? position, stepOf(reach), nowMs, offsetAt)) -
        stepOf(reach) -
        reach.driftMs;
  const fromMs = assumedMs - reach.ms - reach.driftMs;
  let offset = fromMs > 0 ? await offsetAt(fromMs) : start;
  // Where nothing is taken at all, nobody should go through the log a reach at a time.
  if (tooLate?.latestMs === NEVER) offset = Math.min(offset, position - 2 * (position - tooLate.began));
  return offset > start ? { offset, assumedMs } : whole;
}

/**
 * A time that is at most a step before the latest timestamp below an offset; -Infinity if there is
 * none since 1970.
 */
async function latestBelow(
  below: number,
  stepMs: number,
  nowMs: number,
  offsetAt: OffsetAt,
): Promise<number> {
  const isReached = async (timeMs: number): Promise<boolean> => (await offsetAt(timeMs)) < below;
  // Something below is of `reached` or later, nothing is of `beyond` or later: unless it is later
  // than now, which is as good.
  let [reached, beyond] = [nowMs, nowMs];
  for (let back = stepMs; !(await isReached(reached)); back *= 2) {
    if (reached <= 0) return NEVER;
    [reached, beyond] = [Math.max(0, nowMs - back), reached];
  }
  while (beyond - reached > stepMs) {
    const middle = Math.floor((reached + beyond) / 2);
    if (await isReached(middle)) reached = middle;
    else beyond = middle;
  }
  return reached;
}
