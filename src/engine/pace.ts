// When it is worth asking the log for more (invariant 10). A cycle (fetch, score, produce) costs
// about the same whether it carries 3 records or 300. So after a fetch that has emptied the log the
// source rests, and the records that arrive meanwhile share one cycle. How long it rests follows
// from the latency that is wanted, and from what cycles took and cost until now.

/** What is known of cycles. Plain numbers: a dump holds them. */
export interface Pace {
  /** From arrival to acknowledgement: a moving mean, and how far off it is. */
  wayMs: number;
  wayOffMs: number;
  /** CPU time of a cycle, with its records. */
  cycleMs: number;
  /** Fetches that brought records since the CPU time was last told. */
  fetches: number;
  /** No fetch begins before that time. */
  restUntilMs: number;
}

/** CPU time of a cycle before any was measured. */
const CYCLE_MS = 1;

export const newPace = (): Pace => ({
  wayMs: 0,
  wayOffMs: 0,
  cycleMs: CYCLE_MS,
  fetches: 0,
  restUntilMs: 0,
});

/**
 * As TCP estimates the time of a round trip (Jacobson and Karels, 1988): an eighth and a quarter of
 * each new value; four deviations above the mean is what nearly all stay below.
 */
const MEAN_SHARE = 1 / 8;
const OFF_SHARE = 1 / 4;
const DEVIATIONS = 4;

export function acknowledgedAfter(pace: Pace, ms: number): void {
  const off = ms - pace.wayMs;
  pace.wayMs += off * MEAN_SHARE;
  pace.wayOffMs += (Math.abs(off) - pace.wayOffMs) * OFF_SHARE;
}

/**
 * Where there were fewer fetches, most of the CPU time was used for something else: a quiet stream
 * would make cycles look dear.
 */
const FETCHES_MIN = 10;

/** The process has used so much CPU time since this was last told. */
export function cyclesCost(pace: Pace, cpuMs: number): void {
  if (pace.fetches >= FETCHES_MIN) pace.cycleMs += (cpuMs / pace.fetches - pace.cycleMs) * OFF_SHARE;
  pace.fetches = 0;
}

/** A rest is at most this share of the target: the rest of it is for fetch, score and produce. */
const REST_SHARE = 1 / 2;
/** Cycles that take less of a core than this are cheap enough. */
const CHEAP = 1 / 50;
/** Cycles take no more of a core than this, if the target allows. */
const DEAR = 1 / 4;

/** Longer rests save next to nothing, and look like a stall. */
const REST_MS_MAX = 1_000;

/** A rest after which cycles of `cycleMs` take that share of a core. */
const restFor = (cycleMs: number, share: number): number => cycleMs / share - cycleMs;

export interface ChosenRest {
  readonly ms: number;
  /** Why so long, in words. */
  readonly why: string;
}

/** How long to rest after a fetch that has emptied the log, for a p99 of `targetMs`. */
export function restAfter({ wayMs, wayOffMs, cycleMs }: Pace, targetMs: number): ChosenRest {
  const half = Math.min(targetMs * REST_SHARE, REST_MS_MAX);
  const cheap = restFor(cycleMs, CHEAP);
  const left = targetMs - wayMs - DEVIATIONS * wayOffMs;
  const dear = restFor(cycleMs, DEAR);
  if (cheap <= Math.min(half, left)) return { ms: cheap, why: `cycles then take ${CHEAP * 100} % of a core` };
  if (half <= left)
    return { ms: half, why: half < REST_MS_MAX ? 'half of latency.target' : 'the longest rest' };
  if (left >= dear) return { ms: left, why: 'what the way of a record leaves of latency.target' };
  if (dear <= half)
    return { ms: dear, why: `cycles take ${DEAR * 100} % of a core, latency.target is missed` };
  return { ms: half, why: 'half of latency.target, which is missed' };
}

/** Why it paces as it does, in a line. */
export function explainPace(pace: Pace, targetMs: number): string {
  if (targetMs === 0) return 'no rest: latency.target is 0';
  const { ms, why } = restAfter(pace, targetMs);
  const [rest, cost, way] = [ms, pace.cycleMs, pace.wayMs].map((each) => each.toFixed(1));
  return `${rest} ms of rest after a fetch: ${why} (${targetMs} ms); a cycle costs ${cost} ms of CPU, a record is under way for ${way} ms`;
}
