// The walk over a value of Avro against its decoder: what is wanted has the same value, whatever
// stands before and after it. What a walk does not take it leaves to the decoder.

import test from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { AvroCursor, NoValueError } from '../../src/codec/avro-cursor.ts';
import { compileDecode, decodeWhole } from '../../src/codec/avro-decode.ts';
import { Found } from '../../src/codec/avro-found.ts';
import { parseSchema } from '../../src/codec/avro-schema.ts';
import { compileSkip } from '../../src/codec/avro-skip.ts';
import { compileWalk, type WantedPath } from '../../src/codec/avro-walk.ts';

const PLACES = 8;
/** avsc loses the sign of larger ones. */
const long = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });
let records = 0;
const record = (...fields: readonly unknown[]) => ({
  type: 'record',
  name: `R${records++}`,
  fields: fields.map((type, index) => ({ name: `f${index}`, type })),
});
const path = (place: number, steps: string, count?: number): WantedPath => ({
  steps: steps === '' ? [] : steps.split('.'),
  place,
  count,
});

const encode = (schema: unknown, value: unknown, wrapUnions: 'auto' | 'always' | 'never' = 'auto'): Buffer =>
  avro.Type.forSchema(structuredClone(schema) as never, { wrapUnions }).toBuffer(value);

/**
 * Whether the walk takes a value: null where it takes none of these types. Other bytes stand around
 * the value.
 */
function walkOf(writer: unknown, wanted: readonly WantedPath[], reader: unknown = null, nestingMax = 64) {
  const own = parseSchema(JSON.stringify(writer));
  const compiled = compileWalk(
    own,
    reader === null ? null : parseSchema(JSON.stringify(reader)),
    wanted,
    nestingMax,
  );
  return (bytes: Buffer) => {
    const found = new Found(PLACES);
    found.kinds.fill(2);
    const around = Buffer.concat([Buffer.of(4, 4), bytes, Buffer.of(4, 4)]);
    const isTaken = compiled?.(around, 2, 2 + bytes.length, found) ?? null;
    return {
      isTaken,
      found: Array.from({ length: PLACES }, (_, place) => found.valueAt(place)),
      numbers: found,
    };
  };
}

const walk = (writer: unknown, bytes: Buffer, wanted: readonly WantedPath[], reader: unknown = null) =>
  walkOf(writer, wanted, reader)(bytes);

const KINDS: readonly (readonly [unknown, fc.Arbitrary<unknown>])[] = [
  ['null', fc.constant(null)],
  ['boolean', fc.boolean()],
  ['int', fc.integer()],
  ['long', long],
  ['float', fc.float({ noNaN: true })],
  ['double', fc.double({ noNaN: true })],
  ['string', fc.string()],
  ['bytes', fc.uint8Array().map((bytes) => Buffer.from(bytes))],
  [{ type: 'fixed', name: 'F', size: 3 }, fc.constant(Buffer.from('abc'))],
  [{ type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] }, fc.constantFrom('A', 'B', 'C')],
  [{ type: 'array', items: 'string' }, fc.array(fc.string(), { maxLength: 3 })],
  [{ type: 'array', items: 'int' }, fc.array(fc.integer(), { maxLength: 3 })],
  [
    { type: 'map', values: 'double' },
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      fc.double({ noNaN: true }),
    ),
  ],
  [{ type: 'array', items: 'null' }, fc.array(fc.constant(null), { maxLength: 3 })],
  [['null', 'double'], fc.option(fc.double({ noNaN: true }))],
  [['string', 'long'], fc.oneof(fc.string(), fc.integer())],
  [
    {
      type: 'record',
      name: 'I',
      fields: [
        { name: 'x', type: 'long' },
        { name: 'y', type: 'string' },
      ],
    },
    fc.record({ x: fc.integer(), y: fc.string() }),
  ],
];

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify({ value }, (_, each) => (typeof each === 'bigint' ? String(each) : each)));

for (const [kind, value] of KINDS)
  test(`${JSON.stringify(kind)}: wanted or skipped, what is around it is found, and it itself as the decoder has it`, (t) => {
    const writer = record('long', kind, 'double');
    const type = parseSchema(JSON.stringify(writer));
    const whole = compileDecode(type, null);
    const [skip, cursor] = [compileSkip(type), new AvroCursor()];
    const decode = (bytes: Buffer, end: number) =>
      decodeWhole(cursor, whole, bytes, 0, end) as { f1: unknown };
    const [around, all] = [
      walkOf(writer, [path(0, 'f0'), path(2, 'f2')]),
      walkOf(writer, [path(2, 'f2'), path(1, 'f1'), path(0, 'f0')]),
    ];
    const given = fc.tuple(long, value, fc.double({ noNaN: true }));
    for (const [before, own, after] of fc.sample(given, 10)) {
      const bytes = encode(writer, { f0: before, f1: own, f2: after });
      const others = around(bytes);
      t.true(others.isTaken);
      t.deepEqual(others.found.slice(0, 3), [before, undefined, after]);
      const { isTaken, found, numbers } = all(bytes);
      const decoded = decode(bytes, bytes.length);
      t.true(isTaken);
      t.deepEqual(plain(found[1]), plain(decoded.f1));
      t.deepEqual([found[0], found[2]], [before, after]);
      t.is(numbers.isNumber(1), typeof decoded.f1 === 'number');
      cursor.reset(bytes, 0, bytes.length);
      skip(cursor);
      t.is(cursor.byteAt, bytes.length, 'skipped to its end');
      for (const cut of new Set([0, 1, Math.floor(bytes.length / 2), bytes.length - 9, bytes.length - 1])) {
        t.throws(() => all(bytes.subarray(0, cut)), { instanceOf: NoValueError });
        t.throws(() => decode(bytes, cut), { instanceOf: RangeError });
      }
      t.false(all(Buffer.concat([bytes, Buffer.of(0)])).isTaken, 'more bytes follow');
    }
  });

test('fields of fields are found, and those of what is null are not there', (t) => {
  const inner = record('int', 'string');
  const writer = {
    type: 'record',
    name: 'O',
    fields: [
      { name: 'a', type: ['null', inner] },
      { name: 'b', type: 'int' },
    ],
  };
  const wanted = [path(0, 'a.f0'), path(1, 'b'), path(2, 'a.f1'), path(3, 'a.none'), path(4, 'none.f0')];
  const some = walk(writer, encode(writer, { a: { f0: 7, f1: 'x' }, b: 8 }), wanted);
  t.true(some.isTaken);
  t.deepEqual(some.found.slice(0, 5), [7, 8, 'x', undefined, undefined]);
  const none = walk(writer, encode(writer, { a: null, b: 8 }), wanted);
  t.true(none.isTaken);
  t.deepEqual(none.found.slice(0, 3), [undefined, 8, undefined]);
});

test('a list of exactly so many numbers fills its places; of another length it is left to the decoder', (t) => {
  for (const items of ['int', 'float', 'double', 'long', ['int', 'double']]) {
    const writer = record('int', { type: 'array', items }, 'int');
    const taken = (list: readonly number[]) => {
      const bytes = encode(
        writer,
        { f0: 1, f1: Array.isArray(items) ? list.map((each) => ({ double: each })) : list, f2: 2 },
        Array.isArray(items) ? 'always' : 'auto',
      );
      return walk(writer, bytes, [path(5, 'f0'), path(1, 'f1', 3), path(6, 'f2')]);
    };
    const whole = taken([3, 4, 5]);
    t.true(whole.isTaken);
    t.deepEqual(whole.found, [undefined, 3, 4, 5, undefined, 1, 2, undefined]);
    t.true([1, 2, 3].every((place) => whole.numbers.isNumber(place)));
    for (const list of [[], [3, 4], [3, 4, 5, 6]])
      t.throws(() => taken(list), { message: /a (longer|shorter|longer or a shorter) list/ });
  }
});

test('a list may come in several blocks, and blocks may say how many bytes they have', (t) => {
  const writer = record({ type: 'array', items: 'int' }, 'int');
  // Two items; then minus one item, of one byte; then the end; then 5.
  const bytes = Buffer.of(4, 2, 4, 1, 2, 6, 0, 10);
  const { isTaken, found } = walk(writer, bytes, [path(0, 'f0', 3), path(3, 'f1')]);
  t.true(isTaken);
  t.deepEqual(found.slice(0, 4), [1, 2, 3, 5]);
  t.deepEqual(walk(writer, bytes, [path(3, 'f1')]).found[3], 5, 'and is skipped');
});

test('a list of what is no number, or no list, is left to the decoder', (t) => {
  const strings = record({ type: 'array', items: 'string' });
  t.throws(() => walk(strings, encode(strings, { f0: ['a'] }), [path(0, 'f0', 1)]), { message: /no number/ });
  t.is(walk(record('int'), Buffer.of(2), [path(0, 'f0', 1)]).isTaken, null);
  const maybe = record(['null', { type: 'array', items: 'int' }]);
  const none = walk(maybe, encode(maybe, { f0: null }), [path(0, 'f0', 2)]);
  t.true(none.isTaken);
  t.is(none.found[0], null);
});

test('types that cannot be walked are left to the decoder: recursive ones, too deep ones, a value and fields of it', (t) => {
  const recursive = { type: 'record', name: 'R', fields: [{ name: 'next', type: ['null', 'R'] }] };
  t.is(walk(recursive, Buffer.of(0), [path(0, 'next')]).isTaken, null);
  t.is(walk(record(record('int')), Buffer.of(2), [path(0, 'f0'), path(1, 'f0.f0')]).isTaken, null);
  t.is(walk(record('int'), Buffer.of(2), [path(0, 'f0'), path(1, 'f0')]).isTaken, null);
  t.is(walk(record('int'), Buffer.of(2), [path(0, 'f0.x')]).isTaken, null);
  const map = { type: 'map', values: 'int' };
  t.is(walk(map, Buffer.of(0), [path(0, 'x')]).isTaken, null, 'a map has no fields of the schema');
});

test('how deep a value may be nested counts its lists, maps and records, also in branches', (t) => {
  const list = (items: unknown) => ({ type: 'array', items });
  for (const [writer, depth] of [
    [record('int'), 1],
    [record(list('int')), 2],
    [record({ type: 'map', values: 'int' }), 2],
    [record(['null', list(['int', list('int')])]), 3],
    [record('int', list(list('int')), 'int'), 3],
    [record([]), 1],
  ] as const) {
    const compiled = (max: number) => compileWalk(parseSchema(JSON.stringify(writer)), null, [], max);
    t.not(compiled(depth), null, JSON.stringify(writer));
    t.is(compiled(depth - 1), null, JSON.stringify(writer));
  }
  const shared = { type: 'record', name: 'S', fields: [{ name: 'x', type: 'int' }] };
  t.not(
    compileWalk(parseSchema(JSON.stringify(record(shared, 'S'))), null, [], 2),
    null,
    'used twice is not recursive',
  );
});

test("a reader's schema says what is read: names, aliases, defaults, promotions", (t) => {
  const writer = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'old', type: 'int' },
      { name: 'more', type: 'string' },
    ],
  };
  const reader = (...fields: readonly object[]) => ({ type: 'record', name: 'R', fields });
  const bytes = encode(writer, { old: 7, more: 'x' });
  const asked = reader(
    { name: 'a', type: 'double', aliases: ['old'] },
    { name: 'b', type: 'int', default: 9 },
    { name: 'c', type: 'string', default: 'none' },
    { name: 'more', type: 'string' },
  );
  const { isTaken, found } = walk(
    writer,
    bytes,
    [path(0, 'a'), path(1, 'b'), path(2, 'c'), path(3, 'more'), path(4, 'old')],
    asked,
  );
  t.true(isTaken);
  t.deepEqual(found.slice(0, 5), [7, 9, 'none', 'x', undefined], 'a name of the writer alone is none');
  const twice = reader(
    { name: 'a', type: 'int', aliases: ['old'] },
    { name: 'b', type: 'int', aliases: ['old'] },
  );
  t.is(walk(writer, bytes, [path(0, 'a'), path(1, 'b')], twice).isTaken, null);
  t.true(walk(writer, bytes, [path(0, 'a')], twice).isTaken);
  const list = reader({ name: 'l', type: { type: 'array', items: 'int' }, default: [1] });
  t.is(walk(writer, bytes, [path(0, 'l', 1)], list).isTaken, null, 'a default that is not plain');
  const inner = {
    name: 'd',
    type: { type: 'record', name: 'D', fields: [{ name: 'x', type: 'int' }] },
    default: { x: 1 },
  };
  t.is(walk(writer, bytes, [path(0, 'd.x')], reader(inner)).isTaken, null, 'a field of a default');
  const date = { type: 'int', logicalType: 'date' };
  t.is(walk(writer, bytes, [path(0, 'old')], reader({ name: 'old', type: date })).found[0], 7 * 86_400_000);
  t.is(walk(record(date), Buffer.of(2), [path(0, 'f0')]).found[0], 86_400_000);
});
