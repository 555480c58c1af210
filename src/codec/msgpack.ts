// MessagePack is read by our own decoder and written by msgpackr. It writes plain maps only:
// msgpackr's record extension would tie values to its encoder.

import { Packr } from 'msgpackr';
import type { Codec } from './codec.ts';
import { MsgpackDecoder } from './msgpack-decode.ts';

const decoder = new MsgpackDecoder();
// JSON may have integers of more than 64 bits. They are written as text.
const packr = new Packr({ useRecords: false, variableMapSize: true, largeBigIntToString: true });

export const msgpack: Codec = {
  decode: (bytes, start, end) => decoder.decode(bytes, start, end),
  encode: (value) => packr.pack(value),
};
