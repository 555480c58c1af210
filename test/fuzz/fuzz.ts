// Runs cases of a target: each has a random stream of its own, so that one can be run again alone.

import { Random } from '../../src/load/random.ts';
import { TARGETS, type Target } from './targets.ts';

export type Outcomes = Record<ReturnType<Target>, number>;

export const noOutcomes = (): Outcomes => ({ scored: 0, 'dead letter': 0, 'fetch error': 0 });

/** Two neighbouring seeds give streams that have nothing in common. */
const seedOf = (number: number): number => Math.imul(number, 0x9e3779b1) ^ (number / 2 ** 32);

/**
 * Runs the cases `from` up to `until`. Throws with the number of the case that broke what must
 * hold.
 */
export function fuzz(
  name: string,
  from: number,
  until: number,
  outcomes: Outcomes,
  onCase: (number: number) => void = () => {},
): void {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`no target ${name}; there are ${Object.keys(TARGETS).join(', ')}`);
  for (let number = from; number < until; number++) {
    onCase(number);
    try {
      outcomes[target(new Random(seedOf(number)))]++;
    } catch (error) {
      throw new Error(`${name}, case ${number}: ${(error as Error).stack}`, { cause: error });
    }
  }
}
