// MessagePack, by msgpackr. Plain maps only: msgpackr's own record extension would tie values to its encoder. 64-bit
// integers become bigints only where a double could not hold them.

import { Packr, Unpackr } from 'msgpackr';
import type { Codec } from './codec.ts';

// 'auto' is missing from msgpackr's types, not from its code.
const options: Record<string, unknown> = { useRecords: false, mapsAsObjects: true, int64AsType: 'auto' };
const unpackr = new Unpackr(options);
// Integers of JSON may be larger than 64 bits: they are written as their digits.
const packr = new Packr({ useRecords: false, variableMapSize: true, largeBigIntToString: true });

/** One range for all calls: with it msgpackr reads in place, without a view made for each record. */
const range = { start: 0, end: 0 };

export const msgpack: Codec = {
  decode(bytes, start, end) {
    // msgpackr takes an end of 0 for none.
    if (end <= start) throw new RangeError('no bytes');
    range.start = start;
    range.end = end;
    return unpackr.unpack(bytes as Buffer, range);
  },
  encode: (value) => packr.pack(value),
};
