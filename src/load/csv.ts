// Rows of a CSV file as an endless stream of records: the file again and again, each record with an id of its own and the
// row's number as its key, so that a row always goes to the same partition.

import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import type { LoadRecord } from './load-record.ts';

/** A file that is no CSV of numbers. Exit code 65. */
export class CsvDataError extends Error {
  readonly code = 'SCORELANE_CSV';
  override readonly name = 'CsvDataError';
}

/** Throws `CsvDataError`, and what reading the file throws. */
export function readCsv(file: string): Record<string, number>[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file), { columns: true, skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CsvDataError(`${file}: ${error.message}`, { cause: error });
  }
  if (rows.length === 0)
    throw new CsvDataError(`${file}: no rows; expected a header line and at least one row`);
  return rows.map((row, index) => {
    const numbers: Record<string, number> = {};
    for (const [column, text] of Object.entries(row)) {
      const number = text.trim() === '' ? Number.NaN : Number(text);
      if (Number.isNaN(number)) {
        throw new CsvDataError(
          `${file}: row ${index + 1}: column "${column}" is "${text}", expected a number`,
        );
      }
      numbers[column] = number;
    }
    return numbers;
  });
}

export function* repeatRows(rows: readonly Record<string, number>[]): Generator<LoadRecord> {
  for (let id = 0; ; id++) {
    const row = id % rows.length;
    yield { key: `row-${row}`, value: { id, ...rows[row] } };
  }
}
