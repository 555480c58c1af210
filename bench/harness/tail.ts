// What the slowest records waited for: the slowest thousandth are put together into moments, and
// each moment is held against what was seen to happen in it. Pure.

export interface Happening {
  readonly what: string;
  /** How long it was, within the time in which it was seen. */
  readonly ms: number;
  /** It is how late something was, not how long: what is seen twice is not twice as late. */
  readonly isLateness?: true;
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Slow {
  readonly dueMs: number;
  readonly latencyMs: number;
}

export interface Moment {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly records: number;
  readonly worstMs: number;
  /** What happened meanwhile, the longest first. Empty: nothing was seen. */
  readonly seen: readonly string[];
}

/** Records whose results came so close to each other waited for the same thing. */
const GAP_MS = 25;
const SEEN_MAX = 4;

/** The moments of the slowest records, the worst first. */
export function momentsOf(slow: readonly Slow[], happenings: readonly Happening[]): Moment[] {
  const groups: Slow[][] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const one of slow.toSorted((a, b) => a.dueMs + a.latencyMs - b.dueMs - b.latencyMs)) {
    const answeredMs = one.dueMs + one.latencyMs;
    if (answeredMs - untilMs > GAP_MS) groups.push([]);
    groups.at(-1)?.push(one);
    untilMs = answeredMs;
  }
  return groups
    .map((group): Moment => {
      const fromMs = Math.min(...group.map(({ dueMs }) => dueMs));
      const endMs = Math.max(...group.map(({ dueMs, latencyMs }) => dueMs + latencyMs));
      return {
        fromMs,
        untilMs: endMs,
        records: group.length,
        worstMs: Math.max(...group.map(({ latencyMs }) => latencyMs)),
        seen: seenIn(fromMs, endMs, happenings),
      };
    })
    .toSorted((a, b) => b.worstMs - a.worstMs);
}

function seenIn(fromMs: number, untilMs: number, happenings: readonly Happening[]): readonly string[] {
  const meanwhile = happenings.filter((one) => one.fromMs <= untilMs && one.untilMs >= fromMs);
  return [...Map.groupBy(meanwhile, ({ what }) => what)]
    .map(([what, all]) => ({
      what,
      ms: all.reduce((sum, { ms, isLateness }) => (isLateness ? Math.max(sum, ms) : sum + ms), 0),
    }))
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, SEEN_MAX)
    .map(({ what, ms }) => (ms === 0 ? what : `${what} ${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`));
}

/** The slowest share of the records from number `first` on. */
export function slowestOf(
  latencyMs: Float64Array,
  first: number,
  dueMs: (number: number) => number,
  share: number,
): Slow[] {
  const sorted = latencyMs.slice(first).sort();
  const count = Math.max(1, Math.round(sorted.length * share));
  const least = sorted.at(-count) ?? 0;
  const slow: Slow[] = [];
  for (let number = first; number < latencyMs.length; number++) {
    const latency = latencyMs[number] as number;
    if (latency > least || (latency === least && slow.length < count))
      slow.push({ dueMs: dueMs(number), latencyMs: latency });
  }
  return slow;
}
