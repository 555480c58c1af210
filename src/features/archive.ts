// How a state is carried out of its arrays and back into them. Whoever has a state writes one
// method for both ways, which names its parts in order: so that what is read can never be another
// thing than what was written.

export type Numbers = Float64Array | Uint32Array | Int32Array;

export interface Archive {
  /** Writes these numbers and returns them, or returns as many that were written before. */
  numbers(values: readonly number[]): number[];
  /**
   * The same for an array, of which the first `used` elements count; the rest is zero in one that
   * is read.
   */
  array<T extends Numbers>(array: T, used: number): T;
  /** The same for a list of whole numbers, of any length. */
  list(values: readonly number[]): number[];
}
