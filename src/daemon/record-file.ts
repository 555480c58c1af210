// Records in a file or a pipe, as JSON lines or as CSV, made ready to be scored: the bytes that a
// topic would hold. They are numbered from 0, as one partition in their order.

import { codecs } from '../codec/codecs.ts';
import { parsePath, valueAt } from '../features/path.ts';
import type { ReadField } from '../features/reads.ts';
import { openCsv } from '../load/csv-file.ts';
import { CsvDataError } from '../load/csv-rows.ts';
import { JsonLinesError, openJsonLines } from '../load/json-lines.ts';
import { columnIndexes, columnsFor, JSON_NUMBER, namedBy, recordsWith } from '../load/rows.ts';
import { timeIn } from '../written/time-text.ts';
import { neededColumns } from './needed-columns.ts';

export interface FileRecord {
  readonly value: Uint8Array;
  readonly key: Uint8Array | null;
  readonly timestampMs: number;
  /** Of the file, as an editor counts them. */
  readonly line: number;
}

export interface RecordFile {
  /** In bytes; null for a pipe, which can be read only once. */
  readonly size: number | null;
  bytesRead(): number;
  /** At each step those of a piece of the file. */
  batches(): AsyncIterable<readonly FileRecord[]>;
}

export const RECORD_FORMATS = ['json', 'csv'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

export interface RecordFileOptions {
  readonly format: RecordFormat;
  /** The option by which the file was named. */
  readonly option: string;
  /** Of CSV: between its cells; looked for in the header line unless given. */
  readonly separator?: string | undefined;
  /** Of CSV: the columns that are text, even if they look like numbers. */
  readonly text: readonly string[];
  /** The field or column with the record's key. */
  readonly key?: string | undefined;
  /** That with the record's timestamp: milliseconds since 1970, or ISO 8601. */
  readonly timestamp?: string | undefined;
  /** Finds the timestamp of a record where none is named; 0 for those that have none. */
  readonly timeOf: ((record: unknown) => number) | null;
  /** Of CSV: the fields that the model reads, and others that are sent. */
  readonly fields: readonly ReadField[];
  readonly others: readonly string[];
  readonly recordBytesMax: number;
}

/** By its name; where that says nothing, JSON lines. */
export const formatOf = (file: string): RecordFormat => (/\.(?:csv|tsv)$/i.test(file) ? 'csv' : 'json');

/**
 * Rejects with `JsonLinesError`, `CsvDataError` and `NoInputError`; so do its batches.
 */
export const openRecords = (file: string, options: RecordFileOptions): Promise<RecordFile> =>
  options.format === 'csv' ? openRows(file, options) : openLines(file, options);

async function openLines(file: string, options: RecordFileOptions): Promise<RecordFile> {
  const { option, recordBytesMax: lineBytesMax, key, timestamp, timeOf } = options;
  const { size, bytesRead, batches } = await openJsonLines(file, { option, lineBytesMax });
  const isLookedInto = key !== undefined || timestamp !== undefined || timeOf !== null;
  const [keyPath, timePath] = [key, timestamp].map((path) => (path === undefined ? null : parsePath(path)));
  const recordOf = (value: Uint8Array, line: number): FileRecord => {
    const plain = { value, key: null, timestampMs: 0, line };
    const record = isLookedInto ? decoded(value) : undefined;
    // What is broken is a dead letter: the scorer says why.
    if (record === undefined) return plain;
    const found = timePath ? timeFrom(valueAt(record, timePath)) : (timeOf?.(record) ?? 0);
    if (Number.isNaN(found))
      throw new JsonLinesError(
        `${file}: line ${line}: "${timestamp}" is ${JSON.stringify(valueAt(record, timePath ?? [])) ?? 'missing'}, ${A_TIME}`,
      );
    return { ...plain, key: keyPath ? keyOf(valueAt(record, keyPath)) : null, timestampMs: found };
  };
  return {
    size,
    bytesRead,
    async *batches() {
      for await (const lines of batches()) yield lines.map(({ bytes, line }) => recordOf(bytes, line));
    },
  };
}

const A_TIME = 'expected milliseconds since 1970 or ISO 8601';

function decoded(value: Uint8Array): unknown {
  try {
    return codecs.json.decode(value, 0, value.byteLength);
  } catch {
    return undefined;
  }
}

/** NaN where it is no time. */
function timeFrom(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  const text = value.trim();
  return JSON_NUMBER.test(text) ? Number(text) : timeIn(text);
}

const keyOf = (value: unknown): Uint8Array | null =>
  value === undefined || value === null || typeof value === 'object' ? null : Buffer.from(String(value));

async function openRows(file: string, options: RecordFileOptions): Promise<RecordFile> {
  const { option, separator, text, key, timestamp, timeOf, fields, others } = options;
  const csv = await openCsv(file, separator, option);
  const { columns, size } = csv;
  const used = columnsFor(columns, neededColumns(fields, text, [...others, ...text])).filter(
    ({ name, isRequired }) => isRequired || columns.includes(name),
  );
  columnIndexes(csv, text, namedBy('--text'));
  const recordWith = recordsWith(csv, used);
  const [keyIndex, timeIndex] = [['--key', key] as const, ['--timestamp', timestamp] as const].map(
    ([flag, name]) => (name === undefined ? undefined : columnIndexes(csv, [name], namedBy(flag))[0]),
  );
  // A row is known by its number, as with `produce`, unless it has an id of its own.
  const isNumbered = others.includes(ID) && !columns.includes(ID);
  let row = 0;
  return {
    size,
    bytesRead: () => csv.bytesRead(),
    async *batches() {
      for await (const rows of csv.batches())
        yield rows.map(({ cells, line }): FileRecord => {
          const record = recordWith(cells);
          if (isNumbered) record[ID] = row++;
          const said = timeIndex === undefined ? undefined : (cells[timeIndex] as string);
          const timestampMs = said === undefined ? (timeOf?.(record) ?? 0) : timeFrom(said);
          if (Number.isNaN(timestampMs))
            throw new CsvDataError(`${file}: line ${line}: "${timestamp}" is "${said}", ${A_TIME}`);
          const keyText = keyIndex === undefined ? '' : (cells[keyIndex] as string);
          return {
            value: codecs.json.encode(record),
            key: keyText === '' ? null : Buffer.from(keyText),
            timestampMs,
            line,
          };
        });
    },
  };
}

const ID = 'id';
