// Records of the user's own, from JSON lines or CSV: to guess the fields by, and for golden
// records.

import { codecs } from '../codec/codecs.ts';
import { openCsv } from '../load/csv-file.ts';
import { CsvDataError } from '../load/csv-rows.ts';
import { cellValue } from '../load/rows.ts';
import { readTextFile } from '../written/file-trouble.ts';

export type SampleRecord = Readonly<Record<string, unknown>>;

/** More show nothing new, where the records are only looked at. */
export const SAMPLES_MAX = 1_000;

/**
 * The first records of the file. Rejects with `NoInputError` if it cannot be read, and with
 * `CsvDataError` if it holds no records.
 */
export const readSamples = (
  file: string,
  most = SAMPLES_MAX,
): Promise<readonly SampleRecord[]> | readonly SampleRecord[] =>
  /\.(?:csv|tsv)$/i.test(file) ? fromCsv(file, most) : fromJson(file, most);

async function fromCsv(file: string, most: number): Promise<readonly SampleRecord[]> {
  const csv = await openCsv(file);
  const records: SampleRecord[] = [];
  for await (const rows of csv.batches()) {
    for (const { cells } of rows) {
      const values = cells.map((cell) => cellValue(cell));
      records.push(
        Object.fromEntries(
          csv.columns.flatMap((name, index) => (values[index] === undefined ? [] : [[name, values[index]]])),
        ),
      );
      if (records.length === most) return records;
    }
  }
  return records;
}

function fromJson(file: string, most: number): readonly SampleRecord[] {
  const text = readTextFile(file);
  // One document, a list of records, or a record a line.
  if (/^\s*\[/.test(text)) return listOf(file, text, most);
  const records = text
    .split('\n')
    .map((line, index) => ({ line, place: `${file}: line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .slice(0, most)
    .map(({ line, place }) => recordOf(place, parsed(place, line)));
  if (records.length === 0) throw new CsvDataError(`${file}: expected a record a line, found none`);
  return records;
}

function listOf(file: string, text: string, most: number): readonly SampleRecord[] {
  const list = parsed(file, text) as readonly unknown[];
  if (list.length === 0) throw new CsvDataError(`${file}: expected records, found an empty list`);
  return list.slice(0, most).map((value, index) => recordOf(`${file}: record ${index + 1}`, value));
}

function parsed(place: string, text: string): unknown {
  const bytes = Buffer.from(text);
  try {
    return codecs.json.decode(bytes, 0, bytes.length);
  } catch (error) {
    throw new CsvDataError(`${place}: ${(error as Error).message}`, { cause: error });
  }
}

function recordOf(place: string, value: unknown): SampleRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as SampleRecord;
  throw new CsvDataError(`${place}: expected a map of fields, found ${JSON.stringify(value)?.slice(0, 60)}`);
}
