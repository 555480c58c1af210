// The decoder of MessagePack against msgpackr, which writes it, and what that one would not say:
// bytes that are no text, extensions of any type, keys that are none.

import test from 'ava';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { codecs } from '../../src/codec/codecs.ts';
import { Extension } from '../../src/codec/extension.ts';
import { runs } from '../support/runs.ts';

const decode = (...bytes: (number | Uint8Array)[]): unknown => {
  const all = Buffer.concat(bytes.map((each) => (typeof each === 'number' ? Uint8Array.of(each) : each)));
  return codecs.msgpack.decode(all, 0, all.length);
};
const json = (value: unknown): string => Buffer.from(codecs.json.encode(value)).toString();

const options: Record<string, unknown> = { useRecords: false, mapsAsObjects: true, int64AsType: 'auto' };
const unpackr = new Unpackr(options);
const packers = [
  new Packr({ useRecords: false, variableMapSize: true }),
  new Packr({ useRecords: false, useFloat32: 1 }),
];
const leaf = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 300 }),
);
// msgpackr gives that key another name.
const key = fc.string().filter((name) => name !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20 }),
  ),
}));

test('what msgpackr writes is read as msgpackr reads it', (t) => {
  fc.assert(
    fc.property(value, fc.nat(packers.length - 1), (given, packer) => {
      const bytes = Uint8Array.from(packers[packer]?.pack(given) as Uint8Array);
      t.is(json(decode(bytes)), json(unpackr.unpack(bytes)));
    }),
    runs(2_000),
  );
});

test('text that is no UTF-8 is kept as its bytes, never with other letters in it', (t) => {
  t.deepEqual(decode(0xa3, 0x61, 0xff, 0x62), Uint8Array.of(0x61, 0xff, 0x62));
  t.is(decode(0xa3, Buffer.from('aü')), 'aü');
});

test('extensions of any type and length are read, and stand in JSON as their type and their bytes', (t) => {
  for (const [head, length] of [
    [Uint8Array.of(0xd4), 1],
    [Uint8Array.of(0xd8), 16],
    [Uint8Array.of(0xc7, 3), 3],
    [Uint8Array.of(0xc8, 1, 0), 256],
    [Uint8Array.of(0xc9, 0, 1, 0, 0), 65_536],
  ] as const) {
    for (const type of [0, 5, 0x62, 127, -2, -128]) {
      const data = new Uint8Array(length).fill(7);
      const read = decode(head, type & 0xff, data) as Extension;
      t.true(read instanceof Extension);
      t.deepEqual([read.type, Buffer.from(read)], [type, Buffer.from(data)]);
      t.deepEqual(JSON.parse(json({ read })), { read: { type, data: Buffer.from(data).toString('base64') } });
    }
  }
});

test('a timestamp of MessagePack stands in JSON as ISO 8601, with all of its digits', (t) => {
  t.is(
    json(decode(packers[0]?.pack(new Date(1_234_567_890_123)) as Uint8Array)),
    '"2009-02-13T23:31:30.123Z"',
  );
  t.is(json(decode(0xd6, 0xff, 0, 0, 0, 1)), '"1970-01-01T00:00:01.000Z"');
  const nanos = Buffer.alloc(12);
  nanos.writeUInt32BE(123_456_789);
  nanos.writeBigInt64BE(-1n, 4);
  t.is(json(decode(0xc7, 12, 0xff, nanos)), '"1969-12-31T23:59:59.123456789Z"');
  t.is(json(decode(0xd4, 0xff, 1)), '{"type":-1,"data":"AQ=="}');
});

test('a key that is no text, number or flag is refused in words of the format', (t) => {
  for (const [bytes, what] of [
    [[0x81, 0xc4, 1, 0x61, 1], /key of a map is bytes/],
    [[0x81, 0x90, 1], /key of a map is a list/],
    [[0x81, 0xd4, 1, 1, 1], /an extension at byte \d, expected text or a number/],
  ] as const) {
    t.throws(() => decode(...bytes), { message: what });
    // Also where nobody asks for it.
    t.throws(() => decode(0x81, 0xa1, 0x62, ...bytes), { message: what });
  }
  t.deepEqual(decode(0x83, 7, 1, 0xc3, 2, 0xc0, 3), { 7: 1, true: 2, null: 3 });
});

test('a field may have any name, also that of what every object has', (t) => {
  const map = decode(0x82, 0xa9, Buffer.from('__proto__'), 1, 0xab, Buffer.from('constructor'), 2) as object;
  t.deepEqual(Object.entries(map), [
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  t.is(Object.getPrototypeOf(map), Object.prototype);
});

test('bytes in JSON are base64, wherever they stand', (t) => {
  const bytes = Uint8Array.of(1, 2, 250);
  t.is(json([bytes, { a: Buffer.from(bytes) }]), '["AQL6",{"a":"AQL6"}]');
  t.is(json(bytes), '"AQL6"');
});
