// Escapes in the strings of JSON: RFC 8259, section 7.

import { JsonError } from './json-error.ts';

/** The last byte of the escape that begins at `at`. */
export function escapeEnd(text: Buffer, at: number, end: number): number {
  const kind = at + 1 < end ? String.fromCharCode(text[at + 1] as number) : '';
  if (kind !== '' && '"\\/bfnrt'.includes(kind)) return at + 1;
  const digits = text.toString('latin1', at + 2, Math.min(end, at + 6));
  if (kind === 'u' && /^[0-9a-fA-F]{4}$/.test(digits)) return at + 5;
  throw new JsonError(`no such escape at byte ${at}`);
}
