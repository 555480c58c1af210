// JSON as Python's json module writes it: NaN, Infinity and -Infinity are no JSON (RFC 8259), and
// stand there all the same.

import type { Codec } from './codec.ts';
import { json, numberIn } from './json.ts';

/** A whole string, or one of the words. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs;
/**
 * Numbers in their place, with space around: what was two values before is no single one then. A
 * number too large is infinite.
 */
const [INFINITE, NEGATIVE, NONE] = [' 1e999 ', ' -1e999 ', ' 0e99999 '];

export const looseJson: Codec = {
  decode(bytes, start, end) {
    try {
      return json.decode(bytes, start, end);
    } catch (error) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
      const plain = text.replace(/^\ufeff/, '').replaceAll(WORDS, plainly);
      // Whatever else is wrong: bytes that are no UTF-8, or a number that would be taken for NaN.
      if (plain === text || text.includes('\ufffd') || text.includes(NONE.trim())) throw error;
      return JSON.parse(plain, finely);
    }
  },
  encode: json.encode,
};

function plainly(word: string): string {
  if (word.startsWith('"')) return word;
  if (word === 'NaN') return NONE;
  return word === 'Infinity' ? INFINITE : NEGATIVE;
}

function finely(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return context.source === NONE.trim() ? Number.NaN : numberIn(context.source);
}
