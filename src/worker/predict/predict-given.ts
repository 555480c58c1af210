// Predicts rows that somebody has made himself: the inputs of the model, as requests give them.

import { texts } from '../../features/texts.ts';
import type { OutputColumn } from '../../model/predictor.ts';
import type { PredictRequest, RefusedRow } from '../../worker-protocol/predict.ts';
import { notFinite } from './not-finite.ts';
import { type PredictParts, predictRows } from './predict-rows.ts';

export interface GivenOutputs {
  /** `rows` times the width of each output. */
  readonly columns: readonly OutputColumn[];
  readonly refused: readonly RefusedRow[];
}

/** At most `rowsMax` rows in one predict call. Throws what `probe` throws. */
export function predictGiven(
  parts: PredictParts,
  { rows, cells, texts: given }: PredictRequest,
  rowsMax: number,
): GivenOutputs {
  const features = new Float32Array(cells, 0, rows * parts.width);
  const refused: RefusedRow[] = [];
  const refuse = (row: number, message: string): void => void refused.push({ row, message });
  let all: OutputColumn[] = [];
  // The cells hold places in the list that was given: it becomes the whole of the thread's table.
  texts.clear();
  for (const text of given) texts.add(text);
  try {
    for (let from = 0; from < rows; from += rowsMax)
      predictRows(parts, features, from, Math.min(rows, from + rowsMax), {
        scored(columns, first, count) {
          if (all.length === 0)
            all = columns.map((column) => sameFor(column, (column.length / count) * rows));
          for (const [index, column] of columns.entries())
            put(column, all[index] as OutputColumn, first * (column.length / count));
          for (let index = 0; index < count; index++) {
            const rejection = notFinite(columns, index, count);
            if (rejection !== null) refuse(first + index, rejection.message);
          }
        },
        refused: (row, { message }) => refuse(row, message),
      });
  } finally {
    texts.clear();
  }
  return { columns: all, refused };
}

/** A column of the same kind. */
const sameFor = (column: OutputColumn, length: number): OutputColumn =>
  Array.isArray(column)
    ? new Array<string>(length).fill('')
    : new (column.constructor as new (length: number) => OutputColumn)(length);

function put(from: OutputColumn, to: OutputColumn, start: number): void {
  if (Array.isArray(to))
    from.forEach((text, index) => void ((to as string[])[start + index] = text as string));
  else (to as Float32Array).set(from as Float32Array, start);
}
