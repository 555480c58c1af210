// Escapes in the strings of JSON: RFC 8259, section 7.

import { JsonError } from './json-error.ts';

/** The last byte of the escape that begins at `byteAt`. */
export function escapeEnd(text: Buffer, byteAt: number, end: number): number {
  const kind = byteAt + 1 < end ? String.fromCharCode(text[byteAt + 1] as number) : '';
  // At the end of the text there is no escape: the caller reads on, and reports that the text is
  // cut off.
  if ('"\\/bfnrt'.includes(kind)) return byteAt + 1;
  const digits = text.toString('latin1', byteAt + 2, Math.min(end, byteAt + 6));
  if (kind === 'u' && /^[0-9a-fA-F]{4}$/.test(digits)) return byteAt + 5;
  throw new JsonError(`no such escape at byte ${byteAt}`);
}
