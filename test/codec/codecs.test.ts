// Both formats read what they write, and refuse bytes that are not exactly one value.

import test from 'ava';
import fc from 'fast-check';
import { codecs, FORMATS } from '../../src/codec/codecs.ts';

const value = fc.dictionary(
  fc.string(),
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer()),
  ),
);

/** In JSON any number past 2^53 without a fraction is an integer. */
const asNumber = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? Number(value) : value;

for (const format of FORMATS) {
  const codec = codecs[format];

  test(`${format} reads a value in the middle of other bytes as it was written`, (t) => {
    fc.assert(
      fc.property(value, fc.uint8Array(), (given, around) => {
        // A key of this name is no own property of a plain object.
        const { ['__proto__']: _, ...plain } = given;
        const bytes = codec.encode(plain);
        const all = Buffer.concat([around, bytes, around]);
        const read = codec.decode(all, around.length, around.length + bytes.length);
        t.deepEqual(JSON.stringify(read, asNumber), JSON.stringify(plain));
      }),
    );
  });

  test(`${format} refuses a value that is cut off anywhere`, (t) => {
    const bytes = codec.encode({ id: 7, V1: 1.25, name: 'a name' });
    for (let end = 0; end < bytes.length; end++)
      t.throws(() => codec.decode(bytes, 0, end), undefined, `${end} bytes`);
  });

  test(`${format} refuses bytes after the value`, (t) => {
    const bytes = Buffer.concat([codec.encode({ id: 7 }), codec.encode({ id: 8 })]);
    t.throws(() => codec.decode(bytes, 0, bytes.length));
  });

  test(`${format} does not read beyond its range, even where the bytes go on as the value would`, (t) => {
    const bytes = codec.encode({ id: 7, V1: 1.25 });
    t.throws(() => codec.decode(bytes, 0, bytes.length - 1));
  });
}

test('64-bit integers keep their digits', (t) => {
  const id = 2n ** 63n - 1n;
  const bytes = codecs.msgpack.encode({ id });
  t.deepEqual(codecs.msgpack.decode(bytes, 0, bytes.length), { id });
  t.is(Buffer.from(codecs.json.encode({ id })).toString(), `{"id":"${id}"}`);
});

test('integers of JSON keep their digits, however many; other numbers are doubles', (t) => {
  const decode = (text: string): unknown => codecs.json.decode(Buffer.from(text), 0, Buffer.byteLength(text));
  fc.assert(
    fc.property(fc.bigInt(), (each) => {
      const isSafe = each === BigInt(Number(each)) && Number.isSafeInteger(Number(each));
      t.deepEqual(decode(`{"a":[${each}]}`), { a: [isSafe ? Number(each) : each] });
    }),
  );
  t.deepEqual(decode('[9007199254740993, 9007199254740993.0, 1e20]'), [9007199254740993n, 2 ** 53, 1e20]);
  t.deepEqual(decode('["1234567890123456789"]'), ['1234567890123456789']);
  t.deepEqual(decode(`[1${'0'.repeat(400)}, 1e400]`), [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test('an integer past 64 bits goes into MessagePack as its digits', (t) => {
  const bytes = codecs.msgpack.encode({ id: 10n ** 30n, least: -(2n ** 63n), most: 2n ** 64n - 1n });
  t.deepEqual(codecs.msgpack.decode(bytes, 0, bytes.length), {
    id: `1${'0'.repeat(30)}`,
    least: -(2n ** 63n),
    most: 2n ** 64n - 1n,
  });
});

test('JSON that is no UTF-8 is refused, not repaired', (t) => {
  const bytes = Uint8Array.of(0x22, 0xff, 0x22);
  t.throws(() => codecs.json.decode(bytes, 0, bytes.length));
});
