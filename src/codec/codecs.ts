// The formats that the configuration can name.

import type { Codec } from './codec.ts';
import { json } from './json.ts';
import { msgpack } from './msgpack.ts';

export const FORMATS = ['msgpack', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** The formats that records of the input may have. */
export const INPUT_FORMATS = [...FORMATS, 'avro'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export const codecs: Record<Format, Codec> = { msgpack, json };
