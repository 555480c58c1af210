// JSON as Python's json module writes it: with NaN, Infinity and -Infinity, which RFC 8259 does not
// allow.

import type { Codec } from './codec.ts';
import { json, numberIn } from './json.ts';

/** A whole string, or one of the words. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs;
/**
 * The numbers that replace these words, with spaces around: two values must not become one. A
 * number that is too large is read as infinite.
 */
const [INFINITE, NEGATIVE, NONE] = [' 1e999 ', ' -1e999 ', ' 0e99999 '];

export const looseJson: Codec = {
  decode(bytes, start, end) {
    try {
      return json.decode(bytes, start, end);
    } catch (error) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
      const plain = text.replace(/^\ufeff/, '').replaceAll(WORDS, plainly);
      // Something else is wrong: the bytes are no UTF-8, or hold a number that would be taken for
      // NaN.
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
