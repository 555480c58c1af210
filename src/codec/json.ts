// JSON in UTF-8. Bytes that are no UTF-8 are refused, where Buffer.toString would quietly replace them.

import type { Codec } from './codec.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export const json: Codec = {
  decode: (bytes, start, end) => JSON.parse(utf8.decode(bytes.subarray(start, end))),
  encode: (value) => Buffer.from(JSON.stringify(value, bigintAsNumber)),
};

/** JSON has one number type: an integer past 2^53 keeps its digits as a string rather than losing some. */
const bigintAsNumber = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
