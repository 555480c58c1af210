// Versions that are tried on the rows of live records, and what was seen of them.

import type { Counts } from '../base/counts.ts';

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

/** What is counted of a version on live rows. */
export const TRIAL_COUNTS = {
  records: 'rows that it has scored',
  skipped: 'of a shadow: rows that it was not given, because its time was used up',
  failures:
    'rows for which it threw, or gave no finite number; of a canary the version that serves took them',
  calls: 'predict calls of it',
  predictMs: 'time of its predictions',
  servingRecords: 'rows that the version that serves has scored beside it',
  servingCalls: 'predict calls of the version that serves',
  servingMs: 'time of those predictions',
} as const;

/** What was seen of a version on live rows, since this was last told. */
export interface TrialCounts extends Counts<typeof TRIAL_COUNTS> {
  /**
   * Of a shadow: decisions (the first flag of the results) as [both no, only the shadow yes, only
   * the version that serves yes, both yes].
   */
  readonly decisions: readonly [number, number, number, number];
}

/** Of the sketches of scores: quantiles within 1.6 %, half a KiB for a power of two. */
export const TRIAL_SKETCH_BITS = 5;

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
