// A shadow scores rows that were scored already, if its share of the time allows. Whatever it does,
// the results stay as they are.

import type { OutputColumn } from '../../model/predictor.ts';
import type { ResultEncoder } from '../write/result-writer.ts';
import { notFinite } from './not-finite.ts';
import type { RunningTrial } from './tried-model.ts';

/** Rows as they were given to the version that serves, and what it said of them. */
export interface ScoredRows {
  readonly features: Float32Array;
  readonly count: number;
  readonly columns: readonly OutputColumn[];
  readonly tookMs: number;
}

/** What a shadow says of these rows. */
export interface ShadowedRows {
  /** The name of its model and its version. */
  readonly by: string;
  readonly writer: ResultEncoder;
  readonly columns: readonly OutputColumn[];
  readonly count: number;
  /** Rows for which it has no score. */
  readonly failed: ReadonlySet<number>;
  /** Counts a row for which its result could not be written. */
  readonly fail: () => void;
}

/** Null where it says nothing: it had no time, or threw. */
export function shadowRows(
  { trial: { deployment }, model, tally }: RunningTrial,
  { features, count, columns, tookMs }: ScoredRows,
): ShadowedRows | null {
  tally.served(count, tookMs);
  if (!tally.hasTime) {
    tally.skipped(count);
    return null;
  }
  const startedMs = performance.now();
  const failed = new Set<number>();
  let tried: OutputColumn[] | null = null;
  try {
    tried = model.predictor.predict(features, count);
    for (let row = 0; row < count; row++) {
      tally.servingScore(columns, row);
      if (notFinite(tried, row, count) !== null) {
        tally.failed(1);
        failed.add(row);
        continue;
      }
      tally.score(tried, row);
      tally.compare(tried, columns, row);
    }
  } catch {
    // Whatever it is that the shadow throws: that it does is what its failures say.
    tally.failed(count);
    tried = null;
  }
  tally.predicted(count, performance.now() - startedMs);
  const by = deployment.slice(deployment.lastIndexOf('/') + 1);
  if (tried === null) return null;
  return { by, writer: model.writer, columns: tried, count, failed, fail: () => tally.failed(1) };
}
