// Predicts rows of features, and finds those that the model cannot take (invariant 7).

import type { Rejection } from '../../features/rejection.ts';
import type { OutputColumn, Predictor } from '../../model/predictor.ts';

export interface PredictParts {
  /** Gives the columns of results. */
  readonly predictor: Predictor;
  /** Floats of a row. */
  readonly width: number;
  /** Throws when the model does not work any more. */
  readonly probe: () => void;
}

/** What becomes of rows. */
export interface Predicted {
  /**
   * The outputs of `count` rows from `first` on: `count * width` values each, the width being the
   * output's own.
   */
  scored(columns: readonly OutputColumn[], first: number, count: number): void;
  refused(row: number, rejection: Rejection): void;
}

/**
 * Predicts rows `from` up to `to` of `features`, and returns the milliseconds that the model took.
 * If the model throws, the rows are halved until the culprit is alone; it is refused, unless the
 * model fails on its golden records too. Throws what `probe` throws.
 */
export function predictRows(
  parts: PredictParts,
  features: Float32Array,
  from: number,
  to: number,
  predicted: Predicted,
): number {
  const { predictor, width, probe } = parts;
  const count = to - from;
  const rows = features.subarray(from * width, to * width);
  const started = performance.now();
  let columns: OutputColumn[];
  try {
    columns = predictor.predict(rows, count);
  } catch (error) {
    const tookMs = performance.now() - started;
    if (count > 1) {
      const middle = from + (count >> 1);
      const before = predictRows(parts, features, from, middle, predicted);
      return tookMs + before + predictRows(parts, features, middle, to, predicted);
    }
    probe();
    const { message } = error as Error;
    predicted.refused(from, { stage: 'predict', code: 'PREDICT_FAILED', message });
    return tookMs;
  }
  const tookMs = performance.now() - started;
  predicted.scored(columns, from, count);
  return tookMs;
}
