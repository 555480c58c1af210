// Avro as others write it: every writer's schema against the reader's, and what is no such value is
// refused.

import test from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { AvroReader, SchemaNeededError } from '../../src/codec/avro.ts';
import { canonicalSchema } from '../../src/codec/avro-canonical.ts';
import { fingerprint } from '../../src/codec/avro-fingerprint.ts';
import { SchemaError } from '../../src/codec/avro-schema.ts';

const record = (fields: readonly object[], more: object = {}) => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
});

function framed(id: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(5 + value.length);
  bytes.writeInt32BE(id, 1);
  bytes.set(value, 5);
  return bytes;
}

/** What a reader makes of a value that was written with `writer`. */
function read(
  writer: object,
  value: unknown,
  reader: object | null = null,
  wrapUnions: 'auto' | 'always' = 'auto',
): unknown {
  const own = new AvroReader({
    framing: 'confluent',
    schema: reader && JSON.stringify(reader),
    writers: [],
    schemasMax: 10,
  });
  own.learn(7, JSON.stringify(writer));
  const bytes = framed(7, avro.Type.forSchema(writer as never, { wrapUnions }).toBuffer(value));
  // Other bytes stand around it, as in a record batch.
  const around = Buffer.concat([Buffer.from([9, 9]), bytes, Buffer.from([9])]);
  const found = own.decode(around, 2, around.length - 1);
  return JSON.parse(JSON.stringify(found, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)));
}

test('without a schema of the reader a value is read as it was written, unions unwrapped', (t) => {
  const writer = record([
    { name: 'a', type: ['null', 'double'] },
    { name: 'b', type: ['null', 'string'] },
    { name: 'c', type: { type: 'array', items: 'float' } },
    { name: 'd', type: { type: 'map', values: 'int' } },
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['X', 'Y'] } },
  ]);
  const value = { a: 1.5, b: null, c: [1, 2], d: { x: 3 }, e: 'Y' };
  t.deepEqual(read(writer, value), value);
});

test('a union of several kinds of number is unwrapped too, wherever it stands', (t) => {
  const number = ['null', 'int', 'double', 'string'];
  const inner = { type: 'record', name: 'Inner', fields: [{ name: 'x', type: number }] };
  const writer = record([
    { name: 'a', type: number },
    { name: 'b', type: { type: 'array', items: number } },
    { name: 'c', type: ['null', inner] },
    { name: 'd', type: { type: 'map', values: number } },
  ]);
  const wrapped = {
    a: { double: 1.5 },
    b: [{ int: 1 }, null, { string: 'x' }],
    c: { Inner: { x: { int: 2 } } },
    d: { k: { double: 3 } },
  };
  const plain = { a: 1.5, b: [1, null, 'x'], c: { x: 2 }, d: { k: 3 } };
  t.deepEqual(read(writer, wrapped, null, 'always'), plain);
});

test("the reader's aliases, defaults and promotions hold for every writer; what it does not name is left out", (t) => {
  const reader = record([
    { name: 'amount', type: 'double', aliases: ['sum'] },
    { name: 'count', type: 'long' },
    { name: 'country', type: 'string', default: 'none' },
    { name: 'maybe', type: ['null', 'double'], default: null },
  ]);
  const first = record([
    { name: 'sum', type: 'float' },
    { name: 'count', type: 'int' },
    { name: 'more', type: 'string' },
  ]);
  t.deepEqual(read(first, { sum: 0.5, count: 3, more: 'x' }, reader), {
    amount: 0.5,
    count: 3,
    country: 'none',
    maybe: null,
  });
  const second = record([
    { name: 'maybe', type: 'double' },
    { name: 'country', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'count', type: 'long' },
  ]);
  const value = { amount: 2, count: 2 ** 40, country: 'at', maybe: 7 };
  t.deepEqual(read(second, value, reader), value);
});

test('logical types: decimals are numbers, times are in milliseconds', (t) => {
  const writer = record([
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'millis', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'micros', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
  ]);
  const value = { price: Buffer.from([0xff, 0x85]), millis: 1_500, micros: 2_500_000, day: 2 };
  const expected = { price: -1.23, millis: 1_500, micros: 2_500, day: 172_800_000 };
  t.deepEqual(read(writer, value), expected);
  t.deepEqual(read(writer, value, writer), expected, 'through the schema of a reader too');
});

test('64-bit integers keep their digits', (t) => {
  const own = new AvroReader({ framing: 'plain', schema: '"long"', writers: [], schemasMax: 1 });
  // Zigzag of 2^62 and of -5.
  const big = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  t.is(own.decode(big, 0, big.length), 2n ** 62n);
  t.is(own.decode(Buffer.from([9]), 0, 1), -5);
});

test('a schema that is not known is asked for by its number, and one that cannot be read stays an error', (t) => {
  const own = new AvroReader({ framing: 'confluent', schema: '"double"', writers: [], schemasMax: 10 });
  const bytes = framed(300, Buffer.alloc(8));
  const decode = () => own.decode(bytes, 0, bytes.length);
  t.is(t.throws(decode, { instanceOf: SchemaNeededError })?.id, 300);
  own.learn(300, '"string"');
  t.regex(
    t.throws(decode, { instanceOf: SchemaError })?.message ?? '',
    /schema 300: cannot be read as the reader's/,
  );
  own.learn(300, 'nonsense');
  t.regex(t.throws(decode, { instanceOf: SchemaError })?.message ?? '', /no schema of Avro/);
  own.learn(300, '"double"');
  t.is(decode(), 0);
});

test('no more schemas are kept than allowed, the latest stay; within a task all do, or it would ask for ever', (t) => {
  const own = new AvroReader({ framing: 'confluent', schema: null, writers: [], schemasMax: 2 });
  for (const id of [1, 2, 3]) own.learn(id, '"int"');
  const decode = (id: number) => () => own.decode(framed(id, Buffer.from([4])), 0, 6);
  t.is(decode(1)(), 2);
  own.trim();
  t.throws(decode(1), { instanceOf: SchemaNeededError });
  t.deepEqual([decode(2)(), decode(3)()], [2, 2]);
});

test('bytes that are not exactly one framed value are refused, whatever they are', (t) => {
  const writer = record([
    { name: 'a', type: ['null', 'double'] },
    { name: 'b', type: { type: 'array', items: 'string' } },
  ]);
  const own = new AvroReader({ framing: 'confluent', schema: null, writers: [], schemasMax: 10 });
  own.learn(7, JSON.stringify(writer));
  const bytes = framed(7, avro.Type.forSchema(writer as never).toBuffer({ a: 1, b: ['x', 'y'] }));
  for (let cut = 0; cut < bytes.length; cut++)
    t.throws(() => own.decode(bytes, 0, cut), undefined, String(cut));
  const longer = Buffer.concat([bytes, Buffer.of(0)]);
  t.throws(() => own.decode(longer, 0, longer.length), { message: /1 bytes follow/ });
  t.throws(() => own.decode(Buffer.from('{"a":1}'), 0, 7), { message: /expected a zero byte/ });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (damage) => {
      try {
        own.decode(framed(7, damage), 0, 5 + damage.length);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
    }),
  );
});

test('without a frame the schema must be given', (t) => {
  t.throws(() => new AvroReader({ framing: 'plain', schema: null, writers: [], schemasMax: 1 }), {
    instanceOf: SchemaError,
  });
});

/** By fastavro 1.12.1, of a schema with everything that its canonical form leaves out. */
const EVERYTHING = {
  type: 'record',
  name: 'Tx',
  namespace: 'a.b',
  doc: 'x',
  fields: [
    { name: 'id', type: 'long', default: 3, doc: 'q', aliases: ['z'] },
    { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'u', type: ['null', { type: 'enum', name: 'E', symbols: ['A', 'B'] }] },
    { name: 'f', type: { type: 'fixed', name: 'F', size: 4 } },
    { name: 'l', type: { type: 'array', items: 'string' } },
  ],
};
const FINGERPRINT = '707cc72a783b5f7d';

const littleEndian = (found: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(found);
  return bytes.toString('hex');
};

test('a schema has the fingerprint that the specification and fastavro give it', (t) => {
  t.is(fingerprint(canonicalSchema('"null"')), 7195948357588979594n);
  t.is(littleEndian(fingerprint(canonicalSchema(JSON.stringify(EVERYTHING)))), FINGERPRINT);
});

test('single objects are read by the fingerprint of their schema; one that nobody named is told by its fingerprint', (t) => {
  const reader = record([{ name: 'amount', type: 'double' }]);
  const writer = record([
    { name: 'more', type: 'string' },
    { name: 'amount', type: 'int' },
  ]);
  const own = new AvroReader({
    framing: 'single-object',
    schema: JSON.stringify(reader),
    writers: [JSON.stringify(writer)],
    schemasMax: 1,
  });
  const single = (schema: object, value: unknown): Uint8Array => {
    const head = Buffer.from(
      `c301${littleEndian(fingerprint(canonicalSchema(JSON.stringify(schema))))}`,
      'hex',
    );
    return Buffer.concat([head, avro.Type.forSchema(schema as never).toBuffer(value)]);
  };
  const decode = (bytes: Uint8Array): unknown => ({ ...(own.decode(bytes, 0, bytes.length) as object) });
  t.deepEqual(decode(single(reader, { amount: 1.5 })), { amount: 1.5 });
  t.deepEqual(decode(single(writer, { more: 'x', amount: 7 })), { amount: 7 });
  const other = record([{ name: 'a', type: 'int' }]);
  const name = fingerprint(canonicalSchema(JSON.stringify(other)))
    .toString(16)
    .padStart(16, '0');
  t.throws(() => decode(single(other, { a: 1 })), {
    instanceOf: SchemaError,
    message: new RegExp(`no schema with the fingerprint ${name}`),
  });
  t.throws(() => decode(Buffer.from('c3020000000000000000', 'hex')), { message: /expected c301/ });
  t.throws(() => decode(Buffer.from('c301', 'hex')), { message: /expected c301/ });
});

test('a number that the registry did not know is asked for again after a while', (t) => {
  const own = new AvroReader({ framing: 'confluent', schema: null, writers: [], schemasMax: 10 });
  own.learn(7, new SchemaError('the registry has no schema 7'), 0);
  const bytes = framed(7, Uint8Array.of(2));
  own.trim(29_000);
  t.throws(() => own.decode(bytes, 0, bytes.length), { instanceOf: SchemaError });
  own.trim(31_000);
  t.throws(() => own.decode(bytes, 0, bytes.length), { instanceOf: SchemaNeededError });
});
