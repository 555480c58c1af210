// The formats that the configuration can name.

import type { Codec } from './codec.ts';
import { json } from './json.ts';
import { msgpack } from './msgpack.ts';

export const FORMATS = ['msgpack', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export const codecs: Record<Format, Codec> = { msgpack, json };
