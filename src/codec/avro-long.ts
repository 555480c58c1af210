// 64-bit integers for avsc, which writes the results: doubles where they fit, and bigints where
// they do not.

import avro from 'avsc';

export const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer): number | bigint => {
    const value = bytes.readBigInt64LE();
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  },
  toBuffer: (value: number | bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: number): number => value,
  toJSON: Number,
  isValid: (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value),
  compare: (left: number | bigint, right: number | bigint): number =>
    left < right ? -1 : left > right ? 1 : 0,
});
