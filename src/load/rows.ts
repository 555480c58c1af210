// The rows of a CSV file as records, with the same values as in JSON: a number where the text is a
// JSON number that a double can hold (so 007 and 1e999 are text), a list or a map where it is one
// in JSON, otherwise text. An empty cell is a missing field. A cell that nobody needs is not looked
// at.

import { codecs } from '../codec/codecs.ts';
import { numberIn } from '../codec/json.ts';
import type { CsvFile } from './csv-file.ts';
import { type Cells, CsvDataError } from './csv-rows.ts';

export type CsvRow = Record<string, unknown>;

/** A column that is needed. */
export interface NeededColumn {
  readonly name: string;
  /** Where its value stands in the record: under the column's name, unless given. */
  readonly steps?: readonly string[];
  /** Its cells are text, even if they look like numbers. */
  readonly isText?: boolean;
}

/**
 * The columns that make up each of these fields: the one of its name, or those of its elements and
 * fields. `embedding` is then a list of the columns `embedding.0`, `embedding.1` and so on.
 */
export function columnsFor<T extends NeededColumn>(columns: readonly string[], needed: readonly T[]): T[] {
  return needed.flatMap((column) => {
    const { name, steps = [name] } = column;
    const bare = steps.join('.');
    const found = [name, bare].find((each) => columns.includes(each));
    if (found !== undefined) return [{ ...column, name: found, steps }];
    const inside = columns.filter((each) => each.startsWith(`${bare}.`) && !each.includes('__proto__'));
    if (inside.length === 0) return [{ ...column, steps }];
    return inside.map((each) => ({
      ...column,
      name: each,
      steps: [...steps, ...each.slice(bare.length + 1).split('.')],
    }));
  });
}

const ELEMENT = /^(?:0|[1-9]\d{0,4})$/;

/** Puts a value into a record, in the lists and maps that lead to it. */
export function place(record: CsvRow, steps: readonly string[], value: unknown): void {
  let inside: CsvRow = record;
  for (let index = 0; index < steps.length - 1; index++) {
    const step = steps[index] as string;
    inside[step] ??= ELEMENT.test(steps[index + 1] as string) ? [] : {};
    inside = inside[step] as CsvRow;
  }
  inside[steps.at(-1) as string] = value;
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
  const used = columnsFor(file.columns, needed);
  const indexes = columnIndexes(
    file,
    used.map(({ name }) => name),
    FOR_THE_MODEL,
  );
  return (cells) => {
    const record: CsvRow = {};
    used.forEach(({ name, steps = [name], isText = false }, at) => {
      const value = cellValue(cells[indexes[at] as number] as string, isText);
      if (value !== undefined) place(record, steps, value);
    });
    return record;
  };
}

/** The value of a cell; undefined if it is empty. */
export function cellValue(text: string, isText = false): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (isText) return text;
  if (/^[[{]/.test(trimmed)) return structureIn(trimmed) ?? text;
  if (!JSON_NUMBER.test(trimmed)) return text;
  const number = numberIn(trimmed);
  return Math.abs(Number(number)) === Number.POSITIVE_INFINITY ? text : number;
}

/** The list or map in a text; undefined if it is not JSON. */
function structureIn(text: string): unknown {
  const bytes = Buffer.from(text);
  try {
    return codecs.json.decode(bytes, 0, bytes.byteLength);
  } catch {
    return undefined;
  }
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
