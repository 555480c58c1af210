// Looks for better settings, one key after the other. The candidates of a key take turns with the
// settings of now, in rounds; at the end the settings that were found take turns with those of the
// beginning. What a run measures, and whether there is time for one more, is told from outside.

import { mediansOf, type RunFigures } from './figures.ts';
import { isHopeless, judge, keepsTarget, type Verdict } from './verdict.ts';

export type Setting = number | string;
export type TunableSettings = Readonly<Record<string, Setting>>;

/** A key, and the values to try besides that of now. */
export interface Coordinate {
  readonly key: string;
  readonly values: readonly Setting[];
}

export interface SearchOptions {
  readonly coordinates: readonly Coordinate[];
  /** The value of each key at the beginning. */
  readonly start: TunableSettings;
  readonly targetMs: number;
  readonly rounds: number;
  /** Resolves to the words of what is wrong where these settings cannot be run. */
  readonly measure: (settings: TunableSettings) => Promise<RunFigures | string>;
  /** Whether so many more runs can be made in time. */
  readonly hasTime: (runs: number) => boolean;
}

export interface Tried {
  readonly key: string;
  readonly value: Setting;
  /** Medians; null if it could not be run. */
  readonly figures: RunFigures | null;
  readonly runs: number;
  readonly isNow: boolean;
  /** Empty for the settings of now. */
  readonly why: string;
}

export interface Change {
  readonly key: string;
  readonly from: Setting;
  readonly to: Setting;
  readonly why: string;
}

export interface SearchResult {
  readonly changes: readonly Change[];
  readonly tried: readonly Tried[];
  /** Keys for which there was no time. */
  readonly untried: readonly string[];
  /** The beginning and the end against each other; null where that was not needed. */
  readonly final: {
    readonly before: RunFigures;
    readonly after: RunFigures;
    readonly verdict: Verdict;
  } | null;
}

/** Rejects as `measure` does. */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const { coordinates, start, targetMs, rounds, hasTime } = options;
  const tried: Tried[] = [];
  const untried: string[] = [];
  const changes: Change[] = [];
  let now = start;
  // One change was compared with the beginning when it was found; several are not together.
  const forEnd = (): number => (changes.length > 0 ? 2 * rounds : 0);
  for (const { key, values } of coordinates) {
    const others = values.filter((value) => value !== now[key]);
    if (others.length === 0) continue;
    if (!hasTime((1 + others.length) * rounds + forEnd())) {
      untried.push(key);
      continue;
    }
    const variants = [now, ...others.map((value) => ({ ...now, [key]: value }))];
    const [base, ...rest] = (await inTurns(variants, options)) as [Runs, ...Runs[]];
    if (base.refused !== null)
      throw new Error(`the settings of now could be run, and cannot: ${base.refused}`);
    tried.push({ ...told(key, base), isNow: true, why: '' });
    let best = base;
    let why = '';
    for (const each of rest) {
      const verdict = verdictOn(base, each, targetMs);
      tried.push({ ...told(key, each), isNow: false, why: verdict.why });
      // Of two that are better than now, the better one.
      if (!verdict.isBetter || (best !== base && !isAhead(best, each, targetMs))) continue;
      [best, why] = [each, verdict.why];
    }
    if (best === base) continue;
    changes.push({ key, from: now[key] as Setting, to: best.settings[key] as Setting, why });
    now = best.settings;
  }
  if (changes.length === 0 || (changes.length === 1 && !hasTime(2 * rounds)))
    return { changes, tried, untried, final: null };
  const [before, after] = (await inTurns([start, now], options)) as [Runs, Runs];
  const verdict = verdictOn(before, after, targetMs);
  const final = { before: mediansOf(before.figures), after: mediansOf(after.figures), verdict };
  return { changes: verdict.isBetter ? changes : [], tried, untried, final };
}

interface Runs {
  readonly settings: TunableSettings;
  readonly figures: RunFigures[];
  refused: string | null;
  isGivenUp: boolean;
}

async function inTurns(
  variants: readonly TunableSettings[],
  options: SearchOptions,
): Promise<readonly Runs[]> {
  const { rounds, measure, targetMs } = options;
  const all = variants.map((settings): Runs => ({ settings, figures: [], refused: null, isGivenUp: false }));
  for (let round = 0; round < rounds; round++) {
    for (const each of turned(all, round)) {
      if (each.refused !== null || each.isGivenUp) continue;
      const figures = await measure(each.settings);
      if (typeof figures === 'string') each.refused = figures;
      else each.figures.push(figures);
    }
    const [base] = all[0]?.figures ?? [];
    for (const each of all.slice(1)) {
      const [first] = each.figures;
      if (base !== undefined && first !== undefined && round === 0)
        each.isGivenUp = isHopeless(base, first, targetMs);
    }
  }
  return all;
}

/** Who comes first in a round comes last in the next: whatever drifts, drifts for all. */
const turned = <T>(all: readonly T[], by: number): T[] => {
  const from = by % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
};

function verdictOn(base: Runs, each: Runs, targetMs: number): Verdict {
  if (each.refused !== null) return { isBetter: false, why: each.refused };
  const verdict = judge(base.figures, each.figures, targetMs);
  return each.isGivenUp ? { isBetter: false, why: `${verdict.why}; given up after one run` } : verdict;
}

function isAhead(best: Runs, each: Runs, targetMs: number): boolean {
  const [left, right] = [mediansOf(best.figures), mediansOf(each.figures)];
  if (![left, right].every((runs) => keepsTarget(runs, targetMs))) return right.p99Ms < left.p99Ms;
  return right.recordsPerSecond > left.recordsPerSecond;
}

const told = (key: string, { settings, figures, refused }: Runs): Omit<Tried, 'isNow' | 'why'> => ({
  key,
  value: settings[key] as Setting,
  figures: refused === null ? mediansOf(figures) : null,
  runs: figures.length,
});
