// MessagePack: read by our own decoder, written by msgpackr. Plain maps only: msgpackr's own record
// extension would tie values to its encoder.

import { Packr } from 'msgpackr';
import type { Codec } from './codec.ts';
import { MsgpackDecoder } from './msgpack-decode.ts';

const decoder = new MsgpackDecoder();
// Integers of JSON may be larger than 64 bits: they are written as their digits.
const packr = new Packr({ useRecords: false, variableMapSize: true, largeBigIntToString: true });

export const msgpack: Codec = {
  decode: (bytes, start, end) => decoder.decode(bytes, start, end),
  encode: (value) => packr.pack(value),
};
