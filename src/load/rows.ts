// Rows of a CSV file as they stand: numbers where they are numbers, else text; what is empty is missing.

import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';

/** A file that is no CSV of what was expected. Exit code 65. */
export class CsvDataError extends Error {
  readonly code = 'SCORELANE_CSV';
  override readonly name = 'CsvDataError';
}

export type Row = Readonly<Record<string, number | string>>;

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Throws `CsvDataError`, and what reading the file throws. */
export function readRows(file: string): Rows {
  let texts: Record<string, string>[];
  try {
    texts = parse(readFileSync(file), { columns: true, skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CsvDataError(`${file}: ${error.message}`, { cause: error });
  }
  if (texts.length === 0)
    throw new CsvDataError(`${file}: no rows; expected a header line and at least one row`);
  const rows = texts.map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([column, text]) => {
        const trimmed = text.trim();
        if (trimmed === '') return [];
        const number = Number(trimmed);
        return [[column, Number.isNaN(number) ? text : number]];
      }),
    ),
  );
  return { columns: Object.keys(texts[0] ?? {}), rows };
}

/** A cell as CSV writes it (RFC 4180). */
export const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
