// A file that is read piece by piece: however long it is, only a piece of it is in memory. It may
// be a pipe, which can be read only once.

import { createReadStream, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileTrouble, NoInputError } from '../written/file-trouble.ts';

export interface FilePieces {
  /** In bytes; null for a pipe. */
  readonly size: number | null;
  bytesRead(): number;
  /** The beginning of the file: at least its first line, if that is not endless. */
  readonly head: Buffer;
  /** What follows. Rejects with `NoInputError`. */
  readonly rest: AsyncGenerator<Buffer, void>;
}

/** A longer first line is not looked at further. */
const HEAD_BYTES_MAX = 2 ** 20;

/** Rejects with `NoInputError`. `pieceBytes`: how much is read at once. */
export async function openPieces(file: string, pieceBytes: number): Promise<FilePieces> {
  const stats = statsOf(file);
  // What stands behind standard input may be a socket, which has no name to be opened by.
  const isInherited = stats.isSocket() && resolve(file) === '/dev/stdin';
  const stream = isInherited ? process.stdin : createReadStream(file, { highWaterMark: pieceBytes });
  const rest = piecesOf(file, stream);
  const head = await headOf(rest);
  return { size: stats.isFile() ? stats.size : null, bytesRead: () => stream.bytesRead, head, rest };
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

async function headOf(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (!head.includes('\n') && head.byteLength < HEAD_BYTES_MAX) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

/** By its first bytes: a file that is surely no text. */
const OTHERS: readonly { readonly begins: string; readonly is: string; readonly read: string }[] = [
  { begins: '1f8b', is: 'compressed by gzip', read: 'zcat' },
  { begins: '28b52ffd', is: 'compressed by zstd', read: 'zstdcat' },
];

/** What is wrong with a file that is compressed, and how to read it: null for any other. */
export function compressedTrouble(file: string, head: Buffer, wanted: string, option: string): string | null {
  const found = OTHERS.find(({ begins }) => head.toString('hex', 0, begins.length / 2) === begins);
  if (found === undefined) return null;
  return `${file} is ${found.is}, expected ${wanted} as text: ${found.read} ${file} | scorelane … ${option} /dev/stdin`;
}
