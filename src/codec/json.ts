// JSON in UTF-8. Bytes that are no UTF-8 are refused, where Buffer.toString would quietly replace
// them. Integers past 2^53 become bigints, as those of MessagePack do: JSON.parse alone would round
// them, and two customers would be one.

import type { Codec } from './codec.ts';
import { base64, Extension } from './extension.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * No integer past 2^53 has fewer digits. They are looked for where a value begins, for fractions
 * often have as many, and a search for digits alone begins again at each of them.
 */
const LARGE = [/^-?\d{16}/, /[:,[\s]-?\d{16}/] as const;
const INTEGER = /^-?\d+$/;

export const json: Codec = {
  decode(bytes, start, end) {
    const text = utf8.decode(bytes.subarray(start, end));
    // A reviver takes several times as long as the rest: it is for texts that need it.
    const needsIt = LARGE.some((integer) => integer.test(text));
    return needsIt ? JSON.parse(text, exactly) : JSON.parse(text);
  },
  encode: (value) => Buffer.from(JSON.stringify(value, asText)),
};

/**
 * The number that stands in a text, with all of its digits where it is an integer. One past all
 * doubles is infinite.
 */
export function numberIn(text: string): number | bigint {
  const number = Number(text);
  const isRounded = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isRounded && INTEGER.test(text) ? BigInt(text) : number;
}

/** TypeScript does not know of the source yet, the text of a number. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? numberIn(context.source) : value;
}

/**
 * What JSON has no form for. Many of its readers round numbers: an integer past 2^53 keeps its
 * digits as text. Bytes are base64.
 */
function asText(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  // Buffer has a form of its own in mind, which `value` is by now.
  const own = (this as Readonly<Record<string, unknown>>)[key];
  return ArrayBuffer.isView(own) && !(own instanceof Extension) ? base64(own) : value;
}
