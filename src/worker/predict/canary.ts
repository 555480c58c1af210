// A canary scores the records of some keys in place of the version that serves. Rows that it cannot
// score go to the version that serves: a bad canary costs no record.

import type { Rejection } from '../../features/rejection.ts';
import { murmur2 } from '../../log/partitioner.ts';
import type { OutputColumn } from '../../model/predictor.ts';
import type { PendingRow } from '../row.ts';
import { notFinite } from './not-finite.ts';
import { type PredictParts, predictRows } from './predict-rows.ts';
import type { Answering, RunningTrial } from './tried-model.ts';

/** What becomes of rows, one by one, in the order in which they were read. */
export interface PredictedRows {
  /** `by`: null for the version that serves. Row `index` of `count` in the columns. */
  scored(
    row: number,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
    by: Answering | null,
  ): void;
  refused(row: number, rejection: Rejection): void;
}

const HASHES = 2 ** 32;

/**
 * Whether the records of that key are the canary's: always the same for a key and a share, and of a
 * larger share all that were of a smaller one. The hash that places keys in partitions is mixed
 * (the finalizer of MurmurHash3, Appleby), so that each partition has its share. Records without a
 * key are told apart by their offset.
 */
export function isCanarys({ bytes, keyStart, keyEnd, offset }: PendingRow, share: number): boolean {
  let hash = keyStart < 0 ? offset | 0 : murmur2(bytes, keyStart, keyEnd);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 < share * HASHES;
}

/** Where a row's result is, or why it has none. */
interface Place {
  readonly columns: readonly OutputColumn[];
  readonly index: number;
  readonly count: number;
  readonly by: Answering | null;
}

/** As `predictRows`, of which the canary takes its share. Throws what `parts.probe` throws. */
export function predictWithCanary(
  parts: PredictParts,
  { trial, model, tally }: RunningTrial,
  rows: readonly PendingRow[],
  features: Float32Array,
  count: number,
  predicted: PredictedRows,
): number {
  const { width } = parts;
  const places = new Array<Place | Rejection | undefined>(count);
  const picked: number[] = [];
  for (let row = 0; row < count; row++) if (isCanarys(rows[row] as PendingRow, trial.share)) picked.push(row);
  let tookMs = 0;
  if (picked.length > 0) {
    const matrix = gathered(features, width, picked);
    const startedMs = performance.now();
    try {
      predictRows({ ...model, width }, matrix, 0, picked.length, {
        scored: (columns, first, rowsScored) => {
          for (let index = 0; index < rowsScored; index++) {
            if (notFinite(columns, index, rowsScored) !== null) continue;
            places[picked[first + index] as number] = { columns, index, count: rowsScored, by: model };
            tally.score(columns, index);
          }
        },
        refused: () => {},
      });
    } catch {
      // It fails on its golden records too: that is what its failures say.
    }
    tookMs = performance.now() - startedMs;
    tally.predicted(picked.length, tookMs);
    tally.failed(picked.filter((row) => places[row] === undefined).length);
  }
  const rest: number[] = [];
  for (let row = 0; row < count; row++) if (places[row] === undefined) rest.push(row);
  if (rest.length > 0) {
    const servingMs = predictRows(parts, gathered(features, width, rest), 0, rest.length, {
      scored: (columns, first, rowsScored) => {
        for (let index = 0; index < rowsScored; index++) {
          places[rest[first + index] as number] = { columns, index, count: rowsScored, by: null };
          tally.servingScore(columns, index);
        }
      },
      refused: (index, rejection) => {
        places[rest[index] as number] = rejection;
      },
    });
    tally.served(rest.length, servingMs);
    tookMs += servingMs;
  }
  places.forEach((place, row) => {
    if (place === undefined) throw new Error(`row ${row} was not predicted`);
    if ('columns' in place) predicted.scored(row, place.columns, place.index, place.count, place.by);
    else predicted.refused(row, place);
  });
  return tookMs;
}

/** Those rows, one behind the other. */
function gathered(features: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const matrix = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries())
    matrix.set(features.subarray(row * width, (row + 1) * width), index * width);
  return matrix;
}
