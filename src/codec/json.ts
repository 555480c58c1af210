// JSON in UTF-8. Bytes that are no UTF-8 are refused; Buffer.toString would replace them in
// silence. Integers past 2^53 become bigints, as with MessagePack. JSON.parse alone would round
// them, and two customers could become one.

import type { Codec } from './codec.ts';
import { base64, Extension } from './extension.ts';
import { JsonError } from './json-error.ts';
import { jsonTrouble } from './json-trouble.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Every integer past 2^53 has at least 16 digits. They are searched only where a value begins.
 * Fractions often have as many digits, and a search for digits alone would begin again at each of
 * them.
 */
const LARGE = [/^-?\d{16}/, /[:,[\s]-?\d{16}/] as const;
const INTEGER = /^-?\d+$/;

export const json: Codec = {
  decode(bytes, start, end) {
    const text = textOf(bytes.subarray(start, end));
    // A reviver makes parsing several times as slow, so it is used only for texts that need it.
    const needsIt = LARGE.some((integer) => integer.test(text));
    try {
      return needsIt ? JSON.parse(text, exactly) : JSON.parse(text);
    } catch (error) {
      throw new JsonError(refusal(text), { cause: error });
    }
  },
  encode: (value) => Buffer.from(JSON.stringify(value, asText)),
};

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new JsonError('expected JSON in UTF-8, found other bytes', { cause: error });
  }
}

function refusal(text: string): string {
  const trouble = jsonTrouble(text);
  if (trouble === null) return 'expected JSON, found text that cannot be read';
  const { expected, found, index } = trouble;
  return `expected JSON with ${expected} at character ${index + 1}, found ${found}`;
}

/**
 * The number in a text. An integer keeps all of its digits. A number past the range of doubles is
 * infinite.
 */
export function numberIn(text: string): number | bigint {
  const number = Number(text);
  const isRounded = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isRounded && INTEGER.test(text) ? BigInt(text) : number;
}

/** TypeScript does not know `source` yet. It is the text of a number. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? numberIn(context.source) : value;
}

/**
 * Writes values for which JSON has no form. Bytes become base64. An integer past 2^53 becomes text
 * with all its digits, because many JSON readers round numbers.
 */
function asText(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  // By now `value` is what Buffer's own toJSON made.
  const own = (this as Readonly<Record<string, unknown>>)[key];
  return ArrayBuffer.isView(own) && !(own instanceof Extension) ? base64(own) : value;
}
