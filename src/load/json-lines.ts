// JSON lines: a file, or a pipe, with one record on each line. The lines are given as bytes: who
// reads the records reads them as they are.

import { ScorelaneError } from '../base/errors.ts';
import { compressedTrouble, openPieces } from './pieces.ts';

/** The file is not JSON lines, or a line is not what it must be. Exit code 65. */
export class JsonLinesError extends ScorelaneError {
  readonly code = 'SCORELANE_JSON_LINES';
}

export interface JsonLine {
  readonly bytes: Uint8Array;
  /** Of the file, as an editor counts them. */
  readonly line: number;
}

export interface JsonLinesFile {
  /** In bytes; null for a pipe, which can be read only once. */
  readonly size: number | null;
  bytesRead(): number;
  /**
   * The lines that are not empty, at each step those that end in a piece. They can be read once.
   */
  batches(): AsyncIterable<readonly JsonLine[]>;
}

export interface JsonLinesOptions {
  /** The option by which the file was named. */
  readonly option: string;
  /** A longer line is cut: no more of it is kept than shows that it is too long. */
  readonly lineBytesMax: number;
}

const PIECE_BYTES = 64 * 1024;
const [LINE_FEED, RETURN, SPACE, TAB] = [0x0a, 0x0d, 0x20, 0x09];
const MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** Rejects with `JsonLinesError`, and with `NoInputError` if the file cannot be read. */
export async function openJsonLines(
  file: string,
  { option, lineBytesMax }: JsonLinesOptions,
): Promise<JsonLinesFile> {
  const { size, bytesRead, head, rest } = await openPieces(file, PIECE_BYTES);
  const trouble = compressedTrouble(file, head, 'JSON lines', option) ?? shapeTrouble(file, head, option);
  if (trouble !== null) throw new JsonLinesError(trouble);
  const lines = new Lines(lineBytesMax);
  return {
    size,
    bytesRead,
    async *batches() {
      yield lines.next(head.subarray(hasMark(head) ? MARK.byteLength : 0));
      for await (const piece of rest) yield lines.next(piece);
      yield lines.end();
    },
  };
}

const hasMark = (head: Buffer): boolean => head.subarray(0, MARK.byteLength).equals(MARK);

/** What is surely no JSON lines. A line that is broken costs only itself, wherever it stands. */
function shapeTrouble(file: string, head: Buffer, option: string): string | null {
  if (head.byteLength === 0) return `${file}: no records; expected one JSON object on each line`;
  if (head[0] === 0xff && head[1] === 0xfe) return `${file} is UTF-16, expected JSON lines in UTF-8`;
  const text = head.toString('utf8', hasMark(head) ? MARK.byteLength : 0).trimStart();
  const first = text.split('\n', 1)[0]?.trim() ?? '';
  const instead = `one JSON object on each line: jq -c`;
  if (first.startsWith('['))
    return `${file} is one JSON list, expected ${instead} '.[]' ${file} | scorelane … ${option} -`;
  if (first === '{')
    return `${file} has one JSON object on many lines, expected ${instead} . ${file} | scorelane … ${option} -`;
  return null;
}

/** Cuts pieces into lines. */
class Lines {
  readonly #lineBytesMax: number;
  /** The beginning of the line that is not ended. */
  #open: Buffer[] = [];
  #openBytes = 0;
  #line = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  next(piece: Buffer): JsonLine[] {
    const lines: JsonLine[] = [];
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      this.#end(piece.subarray(start, end), lines);
      start = end + 1;
    }
    this.#keep(piece.subarray(start));
    return lines;
  }

  /** The last line, if no line end is behind it. */
  end(): JsonLine[] {
    const lines: JsonLine[] = [];
    if (this.#openBytes > 0) this.#end(Buffer.alloc(0), lines);
    return lines;
  }

  #keep(part: Buffer): void {
    const room = this.#lineBytesMax + 1 - this.#openBytes;
    if (room <= 0 || part.byteLength === 0) return;
    const kept = part.subarray(0, room);
    this.#open.push(kept);
    this.#openBytes += kept.byteLength;
  }

  #end(last: Buffer, lines: JsonLine[]): void {
    this.#line++;
    this.#keep(last);
    const [only] = this.#open;
    const whole = this.#open.length === 1 && only !== undefined ? only : Buffer.concat(this.#open);
    this.#open = [];
    this.#openBytes = 0;
    const bytes = trimmed(whole);
    if (bytes.byteLength > 0) lines.push({ bytes, line: this.#line });
  }
}

/** Without the blanks around it: the rest of a line end of Windows is one of them. */
function trimmed(bytes: Buffer): Buffer {
  const isBlank = (byte: number | undefined): boolean => byte === RETURN || byte === SPACE || byte === TAB;
  let [start, end] = [0, bytes.byteLength];
  while (start < end && isBlank(bytes[start])) start++;
  while (end > start && isBlank(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}
