// A CSV file that is read piece by piece: however long it is, only a piece of it is in memory. The
// separator is named, or found in the header line.

import { createReadStream, type Stats, statSync } from 'node:fs';
import { fileTrouble, NoInputError } from '../written/file-trouble.ts';
import { CsvDataError, CsvRows, type Row } from './csv-rows.ts';

/** Those that are looked for in a header line. */
const SEPARATORS = [',', ';', '\t', '|'] as const;

/** How much is read at once. */
const PIECE_BYTES = 16 * 1024;
const FIRST_ROWS = 200;
/** A longer header line is not looked at further. */
const HEAD_BYTES_MAX = 2 ** 20;

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
 * Reads the first rows. Rejects with `CsvDataError`, and with `NoInputError` if the file
 * cannot be read.
 */
export async function openCsv(file: string, separator?: string): Promise<CsvFile> {
  const stats = statsOf(file);
  const stream = createReadStream(file, { highWaterMark: PIECE_BYTES });
  const pieces = piecesOf(file, stream);
  const head = await headOf(pieces);
  refuseOthers(file, head);
  const used = separator ?? separatorIn(firstLine(head));
  const parsed = rowsOf(new CsvRows(file, used), head, pieces);
  const first: Row[] = [];
  // What is wrong in the first rows of a file is told before anything is done with it. A pipe may
  // be slow.
  const least = stats.isFile() ? FIRST_ROWS : 2;
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
    size: stats.isFile() ? stats.size : null,
    bytesRead: () => stream.bytesRead,
    async *batches() {
      yield rows;
      yield* parsed;
    },
  };
}

function statsOf(file: string): Stats {
  try {
    return statSync(file);
  } catch (error) {
    throw new NoInputError(`${file}: ${fileTrouble(error, file)}`, { cause: error });
  }
}

async function* piecesOf(file: string, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* stream;
  } catch (error) {
    throw new NoInputError(`${file}: ${fileTrouble(error, file)}`, { cause: error });
  }
}

/** The beginning of a file: at least its first line. */
async function headOf(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (!head.includes('\n') && head.byteLength < HEAD_BYTES_MAX) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  return head;
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

/** By its first bytes: a file that is surely no text. */
const OTHERS: readonly { readonly begins: string; readonly is: string; readonly read: string }[] = [
  { begins: '1f8b', is: 'compressed by gzip', read: 'zcat' },
  { begins: '28b52ffd', is: 'compressed by zstd', read: 'zstdcat' },
];

function refuseOthers(file: string, head: Buffer): void {
  const found = OTHERS.find(({ begins }) => head.toString('hex', 0, begins.length / 2) === begins);
  if (found !== undefined)
    throw new CsvDataError(
      `${file} is ${found.is}, expected CSV as text: ${found.read} ${file} | scorelane … --csv /dev/stdin`,
    );
}

/** UTF-16 has a mark at its beginning; all else is taken for UTF-8. */
function firstLine(head: Buffer): string {
  const text = head.toString(head[0] === 0xff && head[1] === 0xfe ? 'utf16le' : 'utf8');
  return text.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1)[0] ?? '';
}

/** The separator that stands most often in a line; the comma where there is none. */
const separatorIn = (line: string): string =>
  SEPARATORS.toSorted((left, right) => line.split(right).length - line.split(left).length)[0] ?? ',';
