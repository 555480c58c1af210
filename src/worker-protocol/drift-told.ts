// What a worker thread tells of the distributions of what it scores.

/** Counts since the thread has told the last time. */
export interface DriftTold {
  readonly version: string;
  /** Records that were counted: the sampled ones. */
  readonly records: number;
  /**
   * Of each recorded column, in order, the values in each of its bins, and the missing ones at the
   * end.
   */
  readonly counts: Uint32Array;
}
