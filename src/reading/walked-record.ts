// A record that was walked, not decoded, as a plan sees it. Some inputs are in their columns
// already, and are not computed again.

import type { Fields } from '../features/feature-plan.ts';
import type { PlanInput } from '../features/spec.ts';
import { directInputs, type Placed } from './fields.ts';

export abstract class WalkedRecord implements Fields {
  /**
   * Inputs that the walk puts into their columns. Of several inputs with the same path only the
   * first is among them.
   */
  readonly direct: readonly Placed[];
  protected readonly inputs: readonly PlanInput[];
  readonly #filled: ReadonlySet<PlanInput>;

  constructor(inputs: readonly PlanInput[]) {
    this.inputs = inputs;
    this.direct = directInputs(inputs);
    this.#filled = new Set(this.direct.map(({ input }) => input));
  }

  /** The getter takes a record of this kind, or a decoded object. */
  abstract getter(path: string): (record: unknown) => unknown;

  isFilled(record: unknown, input: PlanInput): boolean {
    return record === this && this.#filled.has(input);
  }
}
