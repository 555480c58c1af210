// What a feature plan is, and how it reads its records.

import type { Rejection } from './rejection.ts';
import type { PlanInput } from './spec.ts';

export interface FeaturePlan {
  /** The number of columns: the second dimension of the model's input, [records, width]. */
  readonly width: number;
  /** Whether `fill` reads the record's key. */
  readonly wantsKey: boolean;
  /**
   * Fills `row[column .. column + width)`. `timestampMs` and `key` are the record's own. Returns
   * null, or the reason why the record has no features. Then the content of the row means nothing.
   */
  fill(
    record: unknown,
    row: Float32Array,
    column: number,
    timestampMs: number,
    key?: Uint8Array | null,
  ): Rejection | null;
}

/** Fills the columns of one input. */
export type Step = FeaturePlan['fill'];

/**
 * How a plan reads its records. A record need not be an object, so there are several ways. One plan
 * takes records of every kind that its fields can read.
 */
export interface Fields {
  getter(path: string): (record: unknown) => unknown;
  /** Whether the columns of that input are already filled, for this record. */
  isFilled(record: unknown, input: PlanInput): boolean;
}
