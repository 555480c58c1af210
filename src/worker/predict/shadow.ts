// A shadow scores rows that were scored already, if its share of the time allows. Whatever it does,
// the results stay as they are.

import type { OutputColumn } from '../../model/predictor.ts';
import { notFinite } from './not-finite.ts';
import type { RunningTrial } from './tried-model.ts';

/** Rows as they were given to the version that serves, and what it said of them. */
export interface ScoredRows {
  readonly features: Float32Array;
  readonly count: number;
  readonly columns: readonly OutputColumn[];
  readonly tookMs: number;
}

export function shadowRows(
  { model, tally }: RunningTrial,
  { features, count, columns, tookMs }: ScoredRows,
): void {
  tally.served(count, tookMs);
  if (!tally.hasTime) {
    tally.skipped(count);
    return;
  }
  const startedMs = performance.now();
  try {
    const tried = model.predictor.predict(features, count);
    for (let row = 0; row < count; row++) {
      tally.servingScore(columns, row);
      if (notFinite(tried, row, count) !== null) {
        tally.failed(1);
        continue;
      }
      tally.score(tried, row);
      tally.compare(tried, columns, row);
    }
  } catch {
    // Whatever it is that the shadow throws: that it does is what its failures say.
    tally.failed(count);
  }
  tally.predicted(count, performance.now() - startedMs);
}
