// Schemas as others write them: what Java's and Python's libraries accept is read, for what differs
// is nothing that the bytes of a value depend on. For schemas that avsc accepts too, it is the
// measure.

import test from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { AvroReader } from '../../src/codec/avro.ts';
import { canonicalSchema } from '../../src/codec/avro-canonical.ts';
import { parseSchema, SchemaError } from '../../src/codec/avro-schema.ts';
import { runs } from '../support/runs.ts';

const record = (fields: readonly object[], more: object = {}) => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
});

/** Reads bytes without a frame. */
function decode(writer: unknown, bytes: Uint8Array, reader: unknown = null): unknown {
  const schema = reader && JSON.stringify(reader);
  const own = new AvroReader({
    framing: 'confluent',
    schema: schema as string | null,
    writers: [],
    schemasMax: 9,
  });
  own.learn(1, JSON.stringify(writer));
  const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), bytes]);
  return own.decode(framed, 0, framed.length);
}

/** As `writer` says, which avsc accepts. */
const encode = (writer: unknown, value: unknown): Buffer =>
  avro.Type.forSchema(writer as never, { wrapUnions: 'always' }).toBuffer(value);

const zigzag = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
};

const { type: schemaOfAnyKind } = fc.letrec((tie) => ({
  leaf: fc.constantFrom('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'),
  type: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.record({ type: fc.constant('array'), items: tie('type') }),
    fc.record({ type: fc.constant('map'), values: tie('type') }),
    fc.record({ type: fc.constant('enum'), symbols: fc.constant(['A', 'B']) }),
    fc.record({ type: fc.constant('fixed'), size: fc.nat(3) }),
    fc.array(tie('type'), { maxLength: 4 }).map((types) => ({
      type: 'record',
      fields: types.map((type, index) => ({ name: `f${index}`, type })),
    })),
    fc.shuffledSubarray(['null', 'boolean', 'long', 'string'], { minLength: 1 }),
  ),
}));

/** Every named type has a name of its own. */
function named(type: unknown): unknown {
  let count = 0;
  return JSON.parse(JSON.stringify(type), (_, value) =>
    ['record', 'enum', 'fixed'].includes(value?.type) ? { ...value, name: `N${count++}` } : value,
  );
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify({ value }, (_, each) => each));

test('whatever the schema, a value is what avsc reads', (t) => {
  fc.assert(
    fc.property(schemaOfAnyKind.map(named), (schema) => {
      const type = avro.Type.forSchema(schema as never, { wrapUnions: 'never' });
      const value: unknown = type.random();
      const bytes = type.toBuffer(value);
      const found = decode(schema, bytes);
      t.deepEqual(plain(found), plain(type.fromBuffer(bytes)));
      // As its own reader too.
      t.deepEqual(plain(decode(schema, bytes, schema)), plain(found));
      t.is(canonicalSchema(JSON.stringify(schema)), JSON.stringify(type.schema()));
    }),
    runs(400),
  );
});

test('64-bit integers keep their digits whatever else the schema says of them', (t) => {
  const long = { type: 'long', 'connect.version': 1, 'connect.name': 'io.debezium.time.MicroTimestamp' };
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      for (const type of ['long', long, { type: 'long', logicalType: 'unheard-of' }, ['null', long]]) {
        const head = Array.isArray(type) ? [2] : [];
        const bytes = Buffer.concat([Buffer.from(head), zigzag(value)]);
        for (const reader of [null, type, ['null', 'long']]) {
          const found = decode(type, bytes, reader);
          t.is(BigInt(found as bigint), value);
          t.is(typeof found, Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
        }
        t.is(decode(type, bytes, ['double', 'null']), Number(value));
      }
    }),
  );
});

test('times are in milliseconds, however fine and however far: infinity of Postgres is no error', (t) => {
  const read = (logicalType: string, value: bigint): unknown =>
    decode({ type: 'long', logicalType }, zigzag(value));
  t.is(read('timestamp-nanos', 1_700_000_000_123_456_789n), 1_700_000_000_123.456_8);
  t.is(read('local-timestamp-nanos', -1_500_000n), -1.5);
  t.is(read('timestamp-micros', 2n ** 63n - 1n), 2 ** 63 / 1_000);
  t.is(read('timestamp-micros', -(2n ** 63n)), -(2 ** 63) / 1_000);
  t.is(read('timestamp-millis', 1_500n), 1_500);
  t.is(read('time-micros', 2_500n), 2.5);
  const [millis, micros] = ['timestamp-millis', 'timestamp-micros'].map((logicalType) => ({
    type: 'long',
    logicalType,
  }));
  t.is(decode(millis, zigzag(1_500n), micros), 1_500, 'a writer that said milliseconds meant them');
  t.is(decode('long', zigzag(1_500n), micros), 1.5);
  t.is(decode('int', zigzag(1_500n), micros), 1.5, 'promoted first');
  t.is(decode(micros, zigzag(1_500n), 'long'), 1_500, 'the reader wants what was written');
});

test("a writer's defaults are never looked at", (t) => {
  const field = (type: unknown, fallback: unknown) => record([{ name: 'a', type, default: fallback }]);
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 };
  const bytes = encode(record([{ name: 'a', type: 'int' }]), { a: 7 });
  t.like(decode(field('int', 'none at all'), bytes), { a: 7 });
  t.like(decode(field(['null', 'int'], 0), Buffer.concat([Buffer.of(2), bytes])), { a: 7 });
  t.like(decode(field(decimal, '\u0000'), Buffer.from([4, 1, 0])), { a: 2.56 });
  t.like(decode(field({ type: 'int', logicalType: 'date' }, 3), Buffer.of(2)), { a: 86_400_000 });
  t.like(decode(field({ type: 'long', logicalType: 'timestamp-micros' }, 5), Buffer.of(2)), {
    a: 0.001,
  });
});

test("a reader's defaults are values of its types; of a union, of the branch that they fit", (t) => {
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 };
  const reader = record([
    { name: 'amount', type: decimal, default: '\u0001\u0000' },
    { name: 'day', type: { type: 'int', logicalType: 'date' }, default: 2 },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' }, default: 2_500_000 },
    { name: 'fixed', type: { ...decimal, type: 'fixed', size: 1, name: 'F' }, default: 'ÿ' },
    { name: 'maybe', type: ['null', 'double'], default: 0.5 },
    { name: 'inner', type: record([{ name: 'x', type: 'int', default: 4 }], { name: 'I' }), default: {} },
    { name: 'list', type: { type: 'array', items: 'I' }, default: [{ x: 1 }, {}] },
    { name: '__proto__', type: 'int', default: 6 },
  ]);
  const found = decode(record([]), Buffer.alloc(0), reader) as object;
  t.deepEqual(Object.entries(found), [
    ['amount', 2.56],
    ['day', 172_800_000],
    ['at', 2_500],
    ['fixed', -0.01],
    ['maybe', 0.5],
    ['inner', { x: 4 }],
    ['list', [{ x: 1 }, { x: 4 }]],
    ['__proto__', 6],
  ]);
});

test("a default of the reader's that fits nothing is told when the daemon starts, by its field", (t) => {
  const start = (type: unknown, fallback: unknown) => () => {
    const schema = JSON.stringify(record([{ name: 'a', type, default: fallback }]));
    return new AvroReader({ framing: 'confluent', schema, writers: [], schemasMax: 1 });
  };
  t.throws(start('double', '0'), {
    instanceOf: SchemaError,
    message: 'field "a": the default "0" is no double',
  });
  t.throws(start(['null', 'int'], 1.5), { message: 'field "a": the default 1.5 is no union' });
  // A record that is in itself, without an end.
  t.throws(start('R', {}), { instanceOf: SchemaError, message: /field "a"/ });
});

test('names with any letters, errors, types in types, aliases without a namespace: read as they are meant', (t) => {
  const bytes = encode(record([{ name: 'a', type: 'int' }]), { a: 7 });
  const odd = {
    type: 'error',
    name: 'Ein-Fehler',
    namespace: 'a-b.ü',
    fields: [{ name: 'größe €', type: { type: { type: 'int' } } }],
  };
  t.like(decode(odd, bytes), { 'größe €': 7 });
  const reader = record([{ name: 'a', type: 'double', aliases: ['größe €'] }], {
    name: 'Mine',
    aliases: ['Ein-Fehler'],
  });
  t.like(decode(odd, bytes, reader), { a: 7 });
  t.is(decode({ type: 'enum', name: 'E', symbols: ['A-B', 'ö'] }, Buffer.of(2)), 'ö');
  t.like(
    decode(
      record([{ name: 'a', type: 'int' }], { namespace: 'other' }),
      bytes,
      record([{ name: 'a', type: 'long' }]),
    ),
    { a: 7 },
  );
  const stranger = t.throws(() =>
    decode(record([{ name: 'a', type: 'int' }], { name: 'S' }), bytes, record([{ name: 'a', type: 'int' }])),
  );
  t.is(
    stranger?.message,
    "schema 1: cannot be read as the reader's schema says: the record S is no the record R",
  );
});

test('a symbol that the reader does not know is its default', (t) => {
  const [writer, reader] = [
    { type: 'enum', name: 'E', symbols: ['A', 'NEW'] },
    { type: 'enum', name: 'E', symbols: ['OTHER', 'A'], default: 'OTHER' },
  ];
  t.deepEqual(
    [0, 2].map((byte) => decode(writer, Buffer.of(byte), reader)),
    ['A', 'OTHER'],
  );
  t.throws(() => decode(writer, Buffer.of(0), { ...reader, default: undefined }), { message: /symbol NEW/ });
});

test('a schema that is none, or one made to hurt, is an error in words, and never another', (t) => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    ['X', /undefined type name: X/],
    [{ type: 'record', name: 'A' }, /expected the fields of A/],
    [record([{ type: 'int' }]), /expected a field with a name/],
    [
      record([
        { name: 'a', type: 'int' },
        { name: 'a', type: 'int' },
      ]),
      /two fields a/,
    ],
    [{ type: 'fixed', name: 'F', size: -1 }, /size of a fixed/],
    [{ type: 'enum', name: 'E', symbols: ['A', 1] }, /symbols of an enum/],
    [[record([]), record([])], /R is defined twice/],
    [null, /expected a type, found null/],
  ];
  for (const [schema, words] of wrong)
    t.throws(() => parseSchema(JSON.stringify(schema)), { instanceOf: SchemaError, message: words });
  const deep = '{"type":"array","items":'.repeat(50_000);
  t.throws(() => parseSchema(`${deep}"int"${'}'.repeat(50_000)}`), { instanceOf: SchemaError });
  fc.assert(
    fc.property(fc.json(), (schema) => {
      const own = new AvroReader({ framing: 'confluent', schema: null, writers: [], schemasMax: 1 });
      t.notThrows(() => own.learn(1, schema));
    }),
  );
});

test('a few bytes that say they are very many values of nothing are refused, and at once', (t) => {
  const type = { type: 'array', items: { type: 'array', items: 'null' } };
  // A thousand lists of 65,536 nulls each.
  const one = Buffer.concat([zigzag(65_536n), Buffer.of(0)]);
  const bytes = Buffer.concat([zigzag(1_000n), ...Array.from({ length: 1_000 }, () => one), Buffer.of(0)]);
  t.throws(() => decode(type, bytes), { message: /more elements than bytes/ });
});
