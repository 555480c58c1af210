// Versions that are tried on the rows of live records, and what was seen of them.

export type TrialKind = 'shadow' | 'canary';

/** A version that is tried on the rows of a micro-batch. */
export interface Trial {
  /** The id of its deployment. It has the same plan as the version that serves. */
  readonly deployment: string;
  /**
   * shadow: it scores rows that were scored, and nobody sees its results. canary: it scores the
   * records of some keys, in place of the version that serves.
   */
  readonly kind: TrialKind;
  /**
   * Of a shadow, how much of a thread's time it may take; of a canary, the share of keys. From 0 to
   * 1.
   */
  readonly share: number;
}

export const NO_TRIALS: readonly Trial[] = [];

/** What was seen of a version on live rows, since this was last told. */
export interface TrialCounts {
  /** Rows that it has scored. */
  readonly records: number;
  /** Of a shadow: rows that it was not given, because its time was used up. */
  readonly skipped: number;
  /**
   * Rows for which it threw, or gave no finite number. Of a canary the version that serves took
   * them.
   */
  readonly failures: number;
  /** Time of its predictions, and rows and time of those of the version that serves. */
  readonly predictMs: number;
  readonly servingRecords: number;
  readonly servingMs: number;
  /**
   * Of a shadow: decisions (the first flag of the results) as [both no, only the shadow yes, only
   * the version that serves yes, both yes].
   */
  readonly decisions: readonly [number, number, number, number];
}

/** By kind and deployment, the counts and the distributions of scores. */
export interface TrialTold<Distribution> extends TrialCounts {
  readonly kind: TrialKind;
  readonly deployment: string;
  /** Of the first output that is one number: by the trial, and by the version that serves. */
  readonly scores: Distribution;
  readonly servingScores: Distribution;
  /** Of a shadow: how far they are apart, without sign. */
  readonly differences: Distribution;
}
