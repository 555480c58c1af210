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
        t.deepEqual(JSON.stringify(read), JSON.stringify(plain));
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

test('JSON that is no UTF-8 is refused, not repaired', (t) => {
  const bytes = Uint8Array.of(0x22, 0xff, 0x22);
  t.throws(() => codecs.json.decode(bytes, 0, bytes.length));
});
