// How a state is written out of its arrays and read back into them. Each class with a state has one
// method for both ways. It names the parts in order, so that reading always fits writing.

export type Numbers = Float64Array | Uint32Array | Int32Array;

export interface Archive {
  /**
   * Writes these numbers and returns them. When reading, returns as many that were written before.
   */
  numbers(values: readonly number[]): number[];
  /**
   * Does the same for an array, of which the first `used` elements count. When it is read, the
   * other elements are zero.
   */
  array<T extends Numbers>(array: T, used: number): T;
  /** Does the same for a list of whole numbers, of any length. */
  list(values: readonly number[]): number[];
}
