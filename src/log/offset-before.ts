// Where a lane must begin to read, so that its state has seen all records of a certain time before
// a position. A log can be asked for the first offset of a time, but not for the time of an offset.
// So the time is searched with several questions. The time found may belong to something that no
// state takes: a refused record, an aborted record, the marker of a transaction. So it is an
// assumption: the reader must check whether the records that its state took agree with it.

import type { NextOffset } from './offset.ts';

/**
 * Asks for the first offset whose record has that time or a later one: the end of the log if there
 * is none, its start for -Infinity.
 */
export type OffsetAt = (timestampMs: number) => Promise<number>;

/** How far a state looks back from the latest event time that it has taken. */
export interface Reach {
  readonly ms: number;
  /**
   * How far the event time of a record that is taken may be from its timestamp, in both directions.
   */
  readonly driftMs: number;
}

export interface Beginning {
  readonly offset: number;
  /**
   * When the state is at the position, it must have taken something of this time or later;
   * otherwise it began too late. -Infinity: it cannot have begun too late.
   */
  readonly assumedMs: number;
}

/** A state that began too late. */
export interface TooLate {
  readonly began: number;
  /** The latest event time that it took before the position; -Infinity if it took nothing. */
  readonly latestMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;
/** A time is searched until its error is at most this part of the reach. */
const PRECISION = 16;
const STEP_MS_MIN = 1_000;

const stepOf = ({ ms, driftMs }: Reach): number => Math.max(STEP_MS_MIN, (ms + 2 * driftMs) / PRECISION);

/**
 * Where to begin: at the position or before it; after an attempt that began too late, further back.
 * The timestamps of all records below are too old to be within reach of `assumedMs` or of a later
 * time.
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
      : // One step less: markers of transactions are a little later than the records, and must not cost a second attempt.
        (await latestBelow(tooLate?.began ?? position, stepOf(reach), nowMs, offsetAt)) -
        stepOf(reach) -
        reach.driftMs;
  const fromMs = assumedMs - reach.ms - reach.driftMs;
  let offset = fromMs > 0 ? await offsetAt(fromMs) : start;
  // If the state took nothing at all, the way back doubles: one reach at a time would take too many
  // attempts.
  if (tooLate?.latestMs === NEVER) offset = Math.min(offset, position - 2 * (position - tooLate.began));
  return offset > start ? { offset, assumedMs } : whole;
}

/**
 * A time that is at most one step before the latest timestamp below an offset; -Infinity if there
 * is none since 1970.
 */
async function latestBelow(
  below: number,
  stepMs: number,
  nowMs: number,
  offsetAt: OffsetAt,
): Promise<number> {
  const isReached = async (timeMs: number): Promise<boolean> => (await offsetAt(timeMs)) < below;
  // Below the offset there is a record of `reached` or later, and none of `beyond` or later.
  // Records later than now count as records of now.
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
