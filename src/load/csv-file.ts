// A CSV file that is read piece by piece: however long it is, only a piece of it is in memory. The
// separator is named, or found in the header line.

import { CsvDataError, CsvRows, type Row } from './csv-rows.ts';
import { compressedTrouble, openPieces } from './pieces.ts';

/** Those that are looked for in a header line. */
const SEPARATORS = [',', ';', '\t', '|'] as const;

/** How much is read at once. */
const PIECE_BYTES = 16 * 1024;
const FIRST_ROWS = 200;

export interface CsvFile {
  readonly file: string;
  readonly columns: readonly string[];
  readonly separator: string;
  /** In bytes; null for a pipe, which can be read only once. */
  readonly size: number | null;
  bytesRead(): number;
  /** The rows, at each step those of a piece. They can be read once. Rejects as `openCsv` does. */
  batches(): AsyncIterable<readonly Row[]>;
}

/**
 * Reads the first rows. `option`: by which the file was named. Rejects with `CsvDataError`, and
 * with `NoInputError` if the file cannot be read.
 */
export async function openCsv(file: string, separator?: string, option = '--csv'): Promise<CsvFile> {
  const { size, bytesRead, head, rest } = await openPieces(file, PIECE_BYTES);
  const compressed = compressedTrouble(file, head, 'CSV', option);
  if (compressed !== null) throw new CsvDataError(compressed);
  const used = separator ?? separatorIn(firstLine(head));
  const parsed = rowsOf(new CsvRows(file, used), head, rest);
  const first: Row[] = [];
  // What is wrong in the first rows of a file is told before anything is done with it. A pipe may
  // be slow.
  const least = size === null ? 2 : FIRST_ROWS;
  while (first.length < least) {
    const { done, value } = await parsed.next();
    if (done === true) break;
    first.push(...value);
  }
  const [header, ...rows] = first;
  if (header === undefined || rows.length === 0)
    throw new CsvDataError(`${file}: no rows; expected a header line and at least one row`);
  return {
    file,
    columns: header.cells,
    separator: used,
    size,
    bytesRead,
    async *batches() {
      yield rows;
      yield* parsed;
    },
  };
}

async function* rowsOf(
  rows: CsvRows,
  head: Buffer,
  pieces: AsyncIterator<Buffer>,
): AsyncGenerator<readonly Row[], void> {
  yield rows.next(head);
  for (;;) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    yield rows.next(value);
  }
  yield rows.end();
}

/** UTF-16 has a mark at its beginning; all else is taken for UTF-8. */
function firstLine(head: Buffer): string {
  const text = head.toString(head[0] === 0xff && head[1] === 0xfe ? 'utf16le' : 'utf8');
  return text.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1)[0] ?? '';
}

/** The separator that stands most often in a line; the comma where there is none. */
const separatorIn = (line: string): string =>
  SEPARATORS.toSorted((left, right) => line.split(right).length - line.split(left).length)[0] ?? ',';
