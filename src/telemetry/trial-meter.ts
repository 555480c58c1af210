// What all threads have seen of the versions that are tried, summed up since each trial began.

import { add, zero } from '../base/counts.ts';
import { TRIAL_COUNTS, TRIAL_SKETCH_BITS, type TrialKind, type TrialTold } from '../scoring/trial.ts';
import { countsBetween, cutsOf, populationStability } from '../statistics/population-stability.ts';
import { type SavedSketch, Sketch } from '../statistics/sketch.ts';

/** Sums of one trial. */
export type TrialSeen = TrialTold<Sketch>;

type Key = Pick<TrialSeen, 'kind' | 'deployment'>;
const keyOf = ({ kind, deployment }: Key): string => `${kind} ${deployment}`;

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

/** Of `job/model@version`. */
export const triedVersion = ({ deployment }: Key): string =>
  deployment.slice(deployment.lastIndexOf('@') + 1);

/** How far the scores are from those of the version that serves: PSI; NaN where one has none. */
export function shiftOf({ scores, servingScores }: TrialSeen): number {
  const cuts = cutsOf(servingScores);
  return populationStability(countsBetween(servingScores, cuts), countsBetween(scores, cuts));
}

const nothing = ({ kind, deployment }: Key): TrialSeen => ({
  kind: kind as TrialKind,
  deployment,
  ...zero(TRIAL_COUNTS),
  decisions: [0, 0, 0, 0],
  ...{
    scores: new Sketch(TRIAL_SKETCH_BITS),
    servingScores: new Sketch(TRIAL_SKETCH_BITS),
    differences: new Sketch(TRIAL_SKETCH_BITS),
  },
});

function added(seen: TrialSeen, one: TrialTold<SavedSketch>): TrialSeen {
  for (const name of ['scores', 'servingScores', 'differences'] as const)
    seen[name].merge(Sketch.from(one[name]));
  const [neither, tried, serving, both] = seen.decisions;
  const [alsoNeither, alsoTried, alsoServing, alsoBoth] = one.decisions;
  return {
    ...seen,
    ...add(TRIAL_COUNTS, seen, one),
    decisions: [neither + alsoNeither, tried + alsoTried, serving + alsoServing, both + alsoBoth],
  };
}
