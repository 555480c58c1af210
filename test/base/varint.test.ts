// Zigzag varints, against the arithmetic definition.

import test from 'ava';
import fc from 'fast-check';
import {
  readVarint,
  readVarlong,
  sizeOfVarint,
  sizeOfVarlong,
  TruncatedError,
  VarintTooLongError,
  writeVarint,
  writeVarlong,
} from '../../src/base/varint.ts';
import { anyInt64 } from '../support/int64.ts';

/** By the definition of Protocol Buffers' sint64, on big integers. */
function oracle(value: number | bigint): number[] {
  let raw = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
  const bytes: number[] = [];
  for (; raw >= 128n; raw >>= 7n) bytes.push(Number(raw & 127n) | 128);
  return [...bytes, Number(raw)];
}

test('32-bit varints are written as defined and read back', (t) => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = new Uint8Array(5);
      const end = writeVarint(bytes, 0, value);
      t.deepEqual([...bytes.subarray(0, end)], oracle(value));
      t.is(sizeOfVarint(value), end);
      t.is(readVarint({ bytes, byteAt: 0, end }), value);
    }),
  );
});

test('64-bit varints are written as defined and read back, whatever a 64-bit integer holds', (t) => {
  fc.assert(
    fc.property(anyInt64(), (value) => {
      const bytes = new Uint8Array(10);
      const end = writeVarlong(bytes, 0, value);
      t.deepEqual([...bytes.subarray(0, end)], oracle(value));
      t.is(sizeOfVarlong(value), end);
      t.is(readVarlong({ bytes, byteAt: 0, end }), value);
    }),
  );
});

test('a varint cut off, or longer than its type, is refused', (t) => {
  const endless = new Uint8Array(20).fill(0xff);
  t.throws(() => readVarint({ bytes: endless, byteAt: 0, end: 3 }), { instanceOf: TruncatedError });
  t.throws(() => readVarint({ bytes: endless, byteAt: 0, end: 20 }), { instanceOf: VarintTooLongError });
  t.throws(() => readVarlong({ bytes: endless, byteAt: 0, end: 9 }), { instanceOf: TruncatedError });
  t.throws(() => readVarlong({ bytes: endless, byteAt: 0, end: 20 }), { instanceOf: VarintTooLongError });
});
