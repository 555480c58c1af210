// The primitives of Avro, by its specification: what has no such form is refused, and no length is
// believed.

import test from 'ava';
import fc from 'fast-check';
import { AvroCursor, NoValueError } from '../../src/codec/avro-cursor.ts';
import { LONG } from '../../src/codec/avro-long.ts';

function zigzag(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** Other bytes stand around. */
function cursorOn(given: readonly number[]): AvroCursor {
  const bytes = Buffer.of(9, 9, ...given, 9, 9, 9, 9, 9, 9, 9, 9);
  const cursor = new AvroCursor();
  cursor.reset(bytes, 2, 2 + given.length);
  return cursor;
}

const EDGES = [
  0n,
  63n,
  64n,
  -64n,
  -65n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 52n - 1n,
  2n ** 52n,
  2n ** 53n - 1n,
  2n ** 53n,
  -(2n ** 53n),
  1n - 2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const long = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -300n, max: 300n }),
);

test('an integer of 64 bits has all its digits, as a double where one holds them', (t) => {
  fc.assert(
    fc.property(long, (value) => {
      const cursor = cursorOn(zigzag(value));
      const found = cursor.integer();
      t.is(BigInt(found), value);
      t.is(
        typeof found,
        Number.isSafeInteger(Number(value)) && BigInt(Number(value)) === value ? 'number' : 'bigint',
      );
      t.is(cursor.byteAt, 2 + zigzag(value).length);
      const skipped = cursorOn(zigzag(value));
      skipped.skipLong();
      t.is(skipped.byteAt, cursor.byteAt);
    }),
  );
});

test('a length is read where a double holds it twice over, and refused beyond', (t) => {
  fc.assert(
    fc.property(long, (value) => {
      const cursor = cursorOn(zigzag(value));
      const isSmall = (value < 0n ? -2n * value - 1n : 2n * value) <= BigInt(Number.MAX_SAFE_INTEGER);
      if (isSmall) t.is(cursor.long(), Number(value));
      else t.throws(() => cursor.long(), { instanceOf: NoValueError, message: 'a large integer' });
    }),
  );
});

test('an integer ends after ten bytes at most', (t) => {
  const ten = [...Array.from({ length: 9 }, () => 0x80), 0x01];
  const eleven = [0x80, ...ten];
  t.is(cursorOn(ten).integer(), 2n ** 62n);
  t.throws(() => cursorOn(eleven).integer(), { instanceOf: NoValueError, message: /without an end/ });
  t.notThrows(() => cursorOn(ten).skipLong());
  t.throws(() => cursorOn(eleven).skipLong(), { instanceOf: NoValueError, message: /without an end/ });
});

test('nothing is read past the end, and a negative length is none', (t) => {
  for (const [bytes, read] of [
    [[0, 0, 0], 'float'],
    [[0, 0, 0, 0, 0, 0, 0], 'double'],
    [[], 'boolean'],
    [[0x80], 'integer'],
    [[0x80], 'long'],
    [[0x80], 'skipLong'],
    [[4, 97], 'string'],
    [[1, 97], 'string'],
    [[], 'block'],
  ] as const)
    t.throws(() => cursorOn(bytes)[read](), { instanceOf: NoValueError }, `${read} of ${bytes.join()}`);
  t.throws(() => cursorOn([1, 2]).skip(3), { message: 'cut off' });
  t.throws(() => cursorOn([1, 2]).skip(-1), { instanceOf: NoValueError });
  t.throws(() => cursorOn([1, 2]).skip(Number.NaN), { instanceOf: NoValueError });
  t.throws(() => cursorOn([1, 2]).bytes(3), { instanceOf: NoValueError });
  t.notThrows(() => cursorOn([1, 2]).skip(2));
});

test('numbers are little-endian, flags are 0 or 1, texts UTF-8, and bytes a copy', (t) => {
  const bytes = Buffer.alloc(12);
  bytes.writeFloatLE(-1.5);
  bytes.writeDoubleLE(Math.PI, 4);
  const cursor = cursorOn([...bytes, 0, 1, 4, 0xc3, 0xa9, 7, 8]);
  t.is(cursor.float(), -1.5);
  t.is(cursor.double(), Math.PI);
  t.is(cursor.boolean(), false);
  t.is(cursor.boolean(), true);
  t.is(cursor.string(), 'é');
  t.deepEqual(cursor.bytes(2), Buffer.of(7, 8));
  t.throws(() => cursorOn([2]).boolean(), { message: 'a flag that is none' });
  const shared = Buffer.of(5, 6);
  const own = new AvroCursor();
  own.reset(shared, 0, 2);
  const copy = own.bytes(2);
  shared.fill(0);
  t.deepEqual(copy, Buffer.of(5, 6));
});

test('blocks say how many follow, with their bytes before or without; there are no more than bytes, but for some that have none', (t) => {
  const cursor = cursorOn([6, 5, 20, 0]);
  t.is(cursor.block(), 3);
  t.is(cursor.block(), 3, 'minus three, and then how many bytes');
  t.is(cursor.block(), 0);
  const most = (bytes: number): number[] => [...zigzag(BigInt(65_536 + bytes)), 0];
  t.is(cursorOn(most(4)).block(), 65_540);
  t.throws(() => cursorOn(most(5)).block(), { message: 'more elements than bytes' });
  const twice = cursorOn([...zigzag(40_000n), ...zigzag(40_000n)]);
  t.is(twice.block(), 40_000);
  t.throws(() => twice.block(), { message: 'more elements than bytes' }, 'all blocks count together');
});

test('a cursor that goes on to other bytes forgets the ones before', (t) => {
  const cursor = cursorOn([2]);
  t.is(cursor.long(), 1);
  const other = Buffer.alloc(8);
  other.writeFloatLE(2.5, 4);
  cursor.reset(other, 4, 8);
  t.is(cursor.float(), 2.5);
  cursor.reset(other, 4, 8);
  t.is(cursor.float(), 2.5);
});

test('results are written with their 64-bit integers whole', (t) => {
  fc.assert(
    fc.property(long, (value) => {
      const isSafe = BigInt(Number(value)) === value && Number.isSafeInteger(Number(value));
      const given = isSafe ? Number(value) : value;
      const bytes = LONG.toBuffer(given as never);
      t.deepEqual([...bytes], zigzag(value));
      t.is(LONG.fromBuffer(bytes), given as never);
    }),
  );
  t.true(LONG.isValid((2n ** 60n) as never) && LONG.isValid(3 as never));
  t.false(LONG.isValid(1.5 as never) || LONG.isValid('1' as never));
  t.deepEqual(
    [
      LONG.compare(1 as never, 2 as never),
      LONG.compare(2 as never, 1 as never),
      LONG.compare(2n as never, 2 as never),
    ],
    [-1, 1, 0],
  );
});
