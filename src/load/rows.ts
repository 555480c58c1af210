// Reads the rows of a CSV file, with the same values as in JSON: a number where the text is a JSON
// number (so 007 is text), otherwise text. An empty cell is a missing field.

import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { ScorelaneError } from '../base/errors.ts';
import { numberIn } from '../codec/json.ts';

/** The file is not CSV, or not with the expected content. Exit code 65. */
export class CsvDataError extends ScorelaneError {
  readonly code = 'SCORELANE_CSV';
}

export type CsvRow = Readonly<Record<string, number | bigint | string>>;

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
  /** The rows with the texts of the file. */
  readonly texts: readonly Readonly<Record<string, string>>[];
}

/** RFC 8259, section 6. */
export const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** `textColumns` are always text. Throws `CsvDataError`, and the errors of reading the file. */
export function readRows(file: string, textColumns: readonly string[] = []): Rows {
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
        const isNumber = JSON_NUMBER.test(trimmed) && !textColumns.includes(column);
        return [[column, isNumber ? numberIn(trimmed) : text]];
      }),
    ),
  );
  return { columns: Object.keys(texts[0] ?? {}), rows, texts };
}

/** Writes a cell of CSV (RFC 4180). */
export const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
