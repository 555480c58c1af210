// What all threads have seen of the versions that are tried, summed up since each trial began.

import type { TrialCounts, TrialKind, TrialTold } from '../scoring/trial.ts';
import { countsBetween, cutsOf, populationStability } from '../statistics/population-stability.ts';
import { type SavedSketch, Sketch } from '../statistics/sketch.ts';

/** Sums of one trial. */
export type TrialSeen = TrialTold<Sketch>;

type Key = Pick<TrialSeen, 'kind' | 'deployment'>;
const keyOf = ({ kind, deployment }: Key): string => `${kind} ${deployment}`;

const COUNTS = ['records', 'skipped', 'failures', 'predictMs', 'servingRecords', 'servingMs'] as const;

export class TrialMeter {
  readonly #seen = new Map<string, TrialSeen>();

  /** What a thread has told. That of a trial which has ended meanwhile is left out. */
  told(all: readonly TrialTold<SavedSketch>[]): void {
    for (const one of all) {
      const seen = this.#seen.get(keyOf(one));
      if (seen !== undefined) this.#seen.set(keyOf(one), added(seen, one));
    }
  }

  /** These are the trials from now on: those that are new begin with nothing. */
  keep(trials: readonly Key[]): void {
    const kept = new Map(trials.map((trial) => [keyOf(trial), this.of(trial) ?? nothing(trial)]));
    this.#seen.clear();
    for (const [key, seen] of kept) this.#seen.set(key, seen);
  }

  of(trial: Key): TrialSeen | undefined {
    return this.#seen.get(keyOf(trial));
  }

  get all(): readonly TrialSeen[] {
    return [...this.#seen.values()];
  }
}

/** How far the scores are from those of the version that serves: PSI; NaN where one has none. */
export function shiftOf({ scores, servingScores }: TrialSeen): number {
  const cuts = cutsOf(servingScores);
  return populationStability(countsBetween(servingScores, cuts), countsBetween(scores, cuts));
}

const nothing = ({ kind, deployment }: Key): TrialSeen => ({
  kind: kind as TrialKind,
  deployment,
  ...{ records: 0, skipped: 0, failures: 0, predictMs: 0, servingRecords: 0, servingMs: 0 },
  decisions: [0, 0, 0, 0],
  ...{ scores: new Sketch(BITS), servingScores: new Sketch(BITS), differences: new Sketch(BITS) },
});

/** As threads have. */
const BITS = 5;

function added(seen: TrialSeen, one: TrialTold<SavedSketch>): TrialSeen {
  for (const name of ['scores', 'servingScores', 'differences'] as const)
    seen[name].merge(Sketch.from(one[name]));
  const counts = Object.fromEntries(
    COUNTS.map((name) => [name, seen[name] + one[name]]),
  ) as unknown as TrialCounts;
  const [neither, tried, serving, both] = seen.decisions;
  const [alsoNeither, alsoTried, alsoServing, alsoBoth] = one.decisions;
  return {
    ...seen,
    ...counts,
    decisions: [neither + alsoNeither, tried + alsoTried, serving + alsoServing, both + alsoBoth],
  };
}
