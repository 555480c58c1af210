// The rows of a CSV file as records, with the same values as in JSON: a number where the text is a
// JSON number that a double can hold (so 007 and 1e999 are text), otherwise text. An empty cell is
// a missing field. A cell that nobody needs is not looked at.

import { numberIn } from '../codec/json.ts';
import type { CsvFile } from './csv-file.ts';
import { type Cells, CsvDataError } from './csv-rows.ts';

export type CsvRow = Readonly<Record<string, number | bigint | string>>;

/** A column that is needed. */
export interface NeededColumn {
  readonly name: string;
  /** Its cells are text, even if they look like numbers. */
  readonly isText?: boolean;
}

/** RFC 8259, section 6. */
export const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The index of each of these columns. Throws `CsvDataError` if one is missing or stands twice.
 * `why`: what they are wanted for.
 */
export function columnIndexes(
  { file, columns, separator }: CsvFile,
  names: readonly string[],
  why = '',
): number[] {
  const absent = [...new Set(names.filter((name) => !columns.includes(name)))];
  if (absent.length > 0)
    throw new CsvDataError(
      `${file} has no column ${shown(absent)}${why}; with the separator ${nameOfSeparator(separator)} ` +
        `its columns are ${shown(columns)}`,
    );
  const twice = names.find((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (twice !== undefined) throw new CsvDataError(`${file} has the column ${quoted(twice)} twice`);
  return names.map((name) => columns.indexOf(name));
}

/** What columns are wanted for. */
export const FOR_THE_MODEL = ', which the model reads';
export const namedBy = (option: string): string => `, which ${option} names`;

/** Makes records of rows, with the given columns of the file. Throws as `columnIndexes` does. */
export function recordsWith(file: CsvFile, needed: readonly NeededColumn[]): (cells: Cells) => CsvRow {
  const indexes = columnIndexes(
    file,
    needed.map(({ name }) => name),
    FOR_THE_MODEL,
  );
  return (cells) => {
    const record: Record<string, number | bigint | string> = {};
    needed.forEach(({ name, isText = false }, at) => {
      const value = cellValue(cells[indexes[at] as number] as string, isText);
      if (value !== undefined) record[name] = value;
    });
    return record;
  };
}

/** The value of a cell; undefined if it is empty. */
export function cellValue(text: string, isText = false): number | bigint | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (isText || !JSON_NUMBER.test(trimmed)) return text;
  const number = numberIn(trimmed);
  return Math.abs(Number(number)) === Number.POSITIVE_INFINITY ? text : number;
}

const SHOWN_MAX = 12;
const quoted = (name: string): string => `"${name}"`;

function shown(columns: readonly string[]): string {
  const more = columns.length - SHOWN_MAX;
  const names = columns.slice(0, SHOWN_MAX).map(quoted).join(', ');
  return more > 0 ? `${names} and ${more} more` : names;
}

export const nameOfSeparator = (separator: string): string =>
  separator === '\t' ? 'tab' : quoted(separator);

/** Writes a cell of CSV (RFC 4180). */
export const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
