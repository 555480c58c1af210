// Where the values of a list or a map lie in the bytes of a JSON text. Their content is not looked
// at: a worker thread reads it, from the same bytes.

import { Problem } from './problem.ts';

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d];

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The first byte from `from` on that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let byteAt = from;
  while (isSpace(bytes[byteAt])) byteAt++;
  return byteAt;
}

export const isJsonList = (bytes: Uint8Array): boolean => bytes[skipSpace(bytes, 0)] === OPEN_LIST;
export const isJsonMap = (bytes: Uint8Array): boolean => bytes[skipSpace(bytes, 0)] === OPEN_MAP;

/** The values of a list that is all of the text. Throws a `Problem`. */
export function listIn(bytes: Uint8Array): readonly Uint8Array[] {
  const spans: Uint8Array[] = [];
  forEach(bytes, OPEN_LIST, CLOSE_LIST, (byteAt) => {
    const end = endOfValue(bytes, byteAt);
    spans.push(bytes.subarray(byteAt, end));
    return end;
  });
  return spans;
}

/** The values of a map that is all of the text, by name. Throws a `Problem`. */
export function mapIn(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const spans = new Map<string, Uint8Array>();
  forEach(bytes, OPEN_MAP, CLOSE_MAP, (byteAt) => {
    if (bytes[byteAt] !== QUOTE) throw unexpected(bytes, byteAt, '"');
    const nameEnd = endOfText(bytes, byteAt);
    const colon = skipSpace(bytes, nameEnd);
    if (bytes[colon] !== COLON) throw unexpected(bytes, colon, ':');
    const start = skipSpace(bytes, colon + 1);
    const end = endOfValue(bytes, start);
    spans.set(nameIn(bytes.subarray(byteAt, nameEnd)), bytes.subarray(start, end));
    return end;
  });
  return spans;
}

function nameIn(bytes: Uint8Array): string {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as string;
  } catch {
    throw new Problem(400, 'expected JSON, found a name that is none');
  }
}

/** Calls `read` with the place of each member; it returns where the member ends. */
function forEach(bytes: Uint8Array, open: number, close: number, read: (byteAt: number) => number): void {
  let byteAt = skipSpace(bytes, 0);
  if (bytes[byteAt] !== open) throw unexpected(bytes, byteAt, String.fromCharCode(open));
  byteAt = skipSpace(bytes, byteAt + 1);
  if (bytes[byteAt] !== close)
    for (;;) {
      byteAt = skipSpace(bytes, read(byteAt));
      if (bytes[byteAt] === close) break;
      if (bytes[byteAt] !== COMMA) throw unexpected(bytes, byteAt, `, or ${String.fromCharCode(close)}`);
      byteAt = skipSpace(bytes, byteAt + 1);
    }
  const end = skipSpace(bytes, byteAt + 1);
  if (end !== bytes.byteLength) throw unexpected(bytes, end, 'the end');
}

function endOfValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfText(bytes, start);
  if (first === OPEN_MAP || first === OPEN_LIST) return endOfNested(bytes, start);
  let byteAt = start;
  for (; byteAt < bytes.byteLength; byteAt++) {
    const byte = bytes[byteAt];
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_MAP || isSpace(byte)) break;
  }
  if (byteAt === start) throw unexpected(bytes, start, 'a value');
  return byteAt;
}

function endOfNested(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let byteAt = start; byteAt < bytes.byteLength; byteAt++) {
    const byte = bytes[byteAt];
    if (byte === QUOTE) byteAt = endOfText(bytes, byteAt) - 1;
    else if (byte === OPEN_MAP || byte === OPEN_LIST) depth++;
    else if ((byte === CLOSE_MAP || byte === CLOSE_LIST) && --depth === 0) return byteAt + 1;
  }
  throw unexpected(bytes, bytes.byteLength, '} or ]');
}

function endOfText(bytes: Uint8Array, start: number): number {
  for (let byteAt = start + 1; byteAt < bytes.byteLength; byteAt++) {
    const byte = bytes[byteAt];
    if (byte === BACKSLASH) byteAt++;
    else if (byte === QUOTE) return byteAt + 1;
  }
  throw unexpected(bytes, bytes.byteLength, '"');
}

function unexpected(bytes: Uint8Array, byteAt: number, expected: string): Problem {
  const byte = bytes[byteAt];
  const found = byte === undefined ? 'the end' : JSON.stringify(String.fromCharCode(byte));
  return new Problem(400, `expected JSON with ${expected} at byte ${byteAt + 1}, found ${found}`);
}
