// How far the backends may differ from the golden outputs: learnt from how far they do.

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** What float32 in another order of summation may always differ by. */
const LEAST: Tolerance = { rtol: 1e-4, atol: 1e-6 };
/** A backend that differs by more computes something else. */
const RTOL_MAX = 1e-2;
/** Other records differ by more than these few. */
const MARGIN = 4;

export interface Difference {
  /** The number of the output. */
  readonly output: number;
  readonly expected: number;
  readonly found: number;
}

/** The least tolerance that lets all of them pass, with a margin; null if there is none. */
export function toleranceFor(differences: readonly Difference[]): Tolerance | null {
  // Of outputs that are large or small, an absolute difference means nothing by itself.
  const scale = Math.max(...differences.map(({ expected }) => Math.abs(expected)), 0);
  for (let { rtol, atol } = LEAST; rtol <= RTOL_MAX * 1.001; rtol *= 10, atol *= 10) {
    const tolerance = { rtol: tidy(rtol), atol: tidy(atol * Math.max(1, power(scale))) };
    if (differences.every((difference) => isWithin(difference, tolerance, MARGIN))) return tolerance;
  }
  return null;
}

/** That of each of so many outputs; null if one of them has none. */
export function tolerancesFor(
  differences: readonly Difference[],
  outputs: number,
): readonly Tolerance[] | null {
  const found = Array.from({ length: outputs }, (_, output) =>
    toleranceFor(differences.filter((difference) => difference.output === output)),
  );
  return found.every((tolerance) => tolerance !== null) ? found : null;
}

/** The narrowest of them. */
export const narrowest = (tolerances: readonly Tolerance[]): Tolerance => ({
  rtol: Math.min(...tolerances.map(({ rtol }) => rtol)),
  atol: Math.min(...tolerances.map(({ atol }) => atol)),
});

export const isWithin = (
  { expected, found }: Omit<Difference, 'output'>,
  { rtol, atol }: Tolerance,
  margin = 1,
): boolean => Math.abs(found - expected) * margin <= atol + rtol * Math.abs(expected);

/** The power of ten below. */
const power = (scale: number): number => (scale === 0 ? 1 : 10 ** Math.floor(Math.log10(scale)));
const tidy = (value: number): number => Number(value.toPrecision(1));
