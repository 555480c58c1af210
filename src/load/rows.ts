// Rows of a CSV file, with the values that JSON would have for them: a number where the text is one
// of JSON (so 007 is text), else text; what is empty is missing.

import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { ScorelaneError } from '../base/errors.ts';
import { numberIn } from '../codec/json.ts';

/** A file that is no CSV of what was expected. Exit code 65. */
export class CsvDataError extends ScorelaneError {
  readonly code = 'SCORELANE_CSV';
}

export type CsvRow = Readonly<Record<string, number | bigint | string>>;

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
  /** The rows as they stand in the file. */
  readonly texts: readonly Readonly<Record<string, string>>[];
}

/** RFC 8259, section 6. */
export const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * `textColumns` are text, whatever stands in them. Throws `CsvDataError`, and what reading the file
 * throws.
 */
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

/** A cell as CSV writes it (RFC 4180). */
export const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
