// What became of a micro-batch: its answers, and what is counted and measured.

import { NO_WINDOWS, type WindowCounts } from '../features/window-counts.ts';
import type { ResultBatch } from '../log/ports.ts';
import { type DeadLetterCodes, type DeadLetterOffsets, NO_CODES } from './dead-letter-codes.ts';
import { NO_RECORDS, type RecordCounts } from './record-counts.ts';
import { NOT_TRACED, type TracedMicroBatch } from './traced.ts';

/**
 * Record timestamps of a micro-batch, as runs: `counts[i]` records of about `timestampsMs[i]`
 * (never later).
 */
export interface TimestampRuns {
  readonly timestampsMs: readonly number[];
  readonly counts: readonly number[];
}

/** What became of a micro-batch. */
export interface Outcome extends RecordCounts {
  /**
   * Results first, then dead letters, then results for routes and of a shadow: all in input order
   * for each partition.
   */
  readonly outputs: readonly ResultBatch[];
  /** How many of the outputs are results. */
  readonly resultBatches: number;
  /** Why the first of the dead letters is one, if there are any. */
  readonly refusal: string | null;
  readonly deadLetterCodes: DeadLetterCodes;
  readonly deadLetterOffsets: DeadLetterOffsets;
  /** What happened in the windows of a model that has some, to records that got an answer. */
  readonly windows: WindowCounts;
  readonly timestamps: TimestampRuns;
  /**
   * These three are of the whole task. Where micro-batches of several lanes shared it, each of them
   * waited for all of it, and says so.
   */
  readonly decodeMs: number;
  readonly predictMs: number;
  readonly encodeMs: number;
  /** Empty, unless it is to be seen in a trace; several where it was scored in pieces. */
  readonly traced: readonly TracedMicroBatch[];
  /** Where a version beside was asked for: what it made of the same records. */
  readonly beside?: Outcome;
}

/** The outputs of the version that scored, and of the one beside. */
export const outputsOfAll = ({ outputs, beside }: Outcome): readonly ResultBatch[] =>
  beside === undefined ? outputs : [...outputs, ...beside.outputs];

/** What becomes of offsets that hold nothing to score. */
export const NO_OUTCOME: Outcome = {
  outputs: [],
  resultBatches: 0,
  ...NO_RECORDS,
  refusal: null,
  deadLetterCodes: NO_CODES,
  deadLetterOffsets: {},
  windows: NO_WINDOWS,
  timestamps: { timestampsMs: [], counts: [] },
  decodeMs: 0,
  predictMs: 0,
  encodeMs: 0,
  traced: NOT_TRACED,
};
