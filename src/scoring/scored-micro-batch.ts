// What became of a micro-batch: its answers, and what is counted and measured.

import type { ResultBatch } from '../log/ports.ts';

/** Record timestamps of a micro-batch, as runs: `counts[i]` records of about `timestampsMs[i]` (never later). */
export interface TimestampRuns {
  readonly timestampsMs: readonly number[];
  readonly counts: readonly number[];
}

/** What a state does when it cannot keep to the rules: it counts. */
export interface WindowCounts {
  /** Records behind the watermark: scored, and in no window of another. */
  readonly late: number;
  /** Keys that were forgotten while they still had something in a window: there was no room. */
  readonly forgotten: number;
  /** Records that went into their panes before the watermark: too many were waiting. */
  readonly hurried: number;
  /** Records that were refused because they were dated too far ahead of the clock. */
  readonly ahead: number;
}

export const NO_WINDOWS: WindowCounts = { late: 0, forgotten: 0, hurried: 0, ahead: 0 };

/** What became of a micro-batch. */
export interface ScoredMicroBatch {
  /** Results, and behind all of these dead letters; both in input order for each partition. */
  readonly outputs: readonly ResultBatch[];
  /** So many of the outputs are results. */
  readonly resultBatches: number;
  readonly scored: number;
  readonly deadLetters: number;
  /** Records that are none of the model's business: they have no answer. */
  readonly skipped: number;
  /** Of the dead letters, those of records that lie in another partition than a field says. */
  readonly unplaced: number;
  /** Why the first of the dead letters is one, if there are any. */
  readonly refusal: string | null;
  /** What happened in the windows of a model that has some, to records that got an answer. */
  readonly windows: WindowCounts;
  readonly timestamps: TimestampRuns;
  readonly decodeMs: number;
  readonly predictMs: number;
  readonly encodeMs: number;
}
