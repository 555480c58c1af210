// MessagePack, by msgpackr. Plain maps only: msgpackr's own record extension would tie values to its encoder. 64-bit
// integers become bigints only where a double could not hold them.

import { Packr, Unpackr } from 'msgpackr';
import type { Codec } from './codec.ts';

// 'auto' is missing from msgpackr's types, not from its code.
const options: Record<string, unknown> = { useRecords: false, mapsAsObjects: true, int64AsType: 'auto' };
const unpackr = new Unpackr(options);
const packr = new Packr({ useRecords: false, variableMapSize: true });

export const msgpack: Codec = {
  decode: (bytes, start, end) => unpackr.unpack(bytes.subarray(start, end) as Buffer),
  encode: (value) => packr.pack(value),
};
