// Rows that requests bring, and the model's own outputs for them: nothing is made from records.

import type { OutputColumn } from '../model/predictor.ts';
import type { ThreadUsage } from './thread-usage.ts';

/** What are the model's own outputs for these rows? */
export interface PredictRequest {
  readonly type: 'predict';
  readonly rows: number;
  /** The rows, of the model's width, in cells. Moved, and moved back. */
  readonly cells: ArrayBuffer;
  /** A cell of text is a place in this list. */
  readonly texts: readonly string[];
}

/** A row for which the model throws, or gives no number. Its outputs mean nothing. */
export interface RefusedRow {
  readonly row: number;
  readonly message: string;
}

export interface PredictedResponse {
  readonly type: 'predicted';
  /** A column for each output in the manifest's order, as `Predictor.predict` gives them. */
  readonly columns: readonly OutputColumn[];
  readonly refused: readonly RefusedRow[];
  /** Time of the thread. */
  readonly tookMs: number;
  readonly cells: ArrayBuffer;
  readonly usage: ThreadUsage | null;
  readonly retiring: string | null;
}
