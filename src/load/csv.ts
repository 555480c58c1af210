// Makes an endless stream of records from a CSV file of numbers. The file is repeated. Each record
// has its own id, and the number of its row as its key, so that a row always goes to the same
// partition.

import type { LoadRecord } from './load-record.ts';
import { CsvDataError, readRows } from './rows.ts';

/** Throws `CsvDataError`, and the errors of reading the file. */
export function readCsv(file: string): Record<string, number>[] {
  const { columns, rows } = readRows(file);
  return rows.map((row, index) => {
    const numbers: Record<string, number> = {};
    for (const column of columns) {
      const number = Number(row[column] ?? Number.NaN);
      numbers[column] = number;
      if (!Number.isNaN(number)) continue;
      throw new CsvDataError(
        `${file}: row ${index + 1}: column "${column}" is "${row[column] ?? ''}", expected a number`,
      );
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
