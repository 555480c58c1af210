// Mutants that no test can catch, for they do what the code does: each with its reason. `npm run mutate` takes them out of the rate, and
// says so; it fails on an entry that fits no mutant any more, and on one that a test does catch.

import type { Mutant } from './mutants.ts';

export interface Equivalent {
  readonly file: string;
  /** As the report prints it: `before -> after`. */
  readonly mutant: string;
  /** The line in which it begins, where the same mutant stands in several lines of the file. */
  readonly line?: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [];

export const fits = ({ file, mutant, line }: Equivalent, other: Mutant): boolean =>
  file === other.file && mutant === other.shown && (line === undefined || line === other.lineText);
