// When a record needs no decoding: what is plain is walked, or the compiled readers would be of no
// use; and whatever stands in a record, a walk never writes beside its row, nor over the ids of
// another.

import test, { type ExecutionContext } from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { codecs, FORMATS, type Format } from '../../src/codec/codecs.ts';
import { compilePlan, OBJECT_FIELDS } from '../../src/features/plan.ts';
import type { StatelessInput } from '../../src/features/spec.ts';
import { AvroRecord, WalkingAvroReader } from '../../src/reading/avro-reader.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import { ELSEWHERE, generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import type { WalkingReader } from '../../src/reading/walking-reader.ts';
import { fieldInput } from '../support/inputs.ts';
import { runs } from '../support/runs.ts';

const INPUTS = [
  fieldInput('a'),
  fieldInput('card.b', { mean: 1 }),
  fieldInput('list', { count: 3 }),
  fieldInput('card.scaled', { count: 2, std: 2 }),
];
const WIDTH = 7;
const IDS = ['id', 'card.id', 'list'];
const PLAIN = {
  id: 'é',
  a: 1.5,
  list: [1, 2, 3],
  card: { b: 3, scaled: [4, 6], id: 7 },
  beside: [[{ x: 'ü' }]],
};
const FEATURES = [1.5, 2, 1, 2, 3, 2, 3];

interface Options {
  readonly inputs?: readonly StatelessInput[];
  readonly idPaths?: readonly string[];
  readonly nestingMax?: number;
  readonly raw?: UndecodedRecord;
}

function readerOf(
  format: Format,
  {
    inputs = INPUTS,
    idPaths = IDS,
    nestingMax = 64,
    raw = new UndecodedRecord(inputs, idPaths),
  }: Options = {},
): WalkingReader {
  const plan = compilePlan(inputs, raw);
  return readerFor(format, { inputs, plan, raw, idPaths, nestingMax }) as WalkingReader;
}

const bytesOf = (format: Format, value: unknown): Uint8Array => codecs[format].encode(value).slice();

/**
 * Reads a record into a row of a larger array, and holds it against the general reader. Returns
 * whether it was walked.
 */
function agree(
  t: ExecutionContext,
  format: Format,
  bytes: Uint8Array,
  options: Options = {},
): boolean | 'refused' {
  const { inputs = INPUTS, idPaths = IDS, nestingMax = 64 } = options;
  const general = generalReader(codecs[format], compilePlan(inputs), idPaths, nestingMax);
  const compiled = readerOf(format, options);
  const around = Buffer.concat([Uint8Array.of(0x30), bytes, Uint8Array.of(0x30, 0x30)]);
  const { width } = general;
  const read = (reader: InputReader) => {
    const features = new Float32Array(3 * width).fill(7);
    return { refusal: reader.read(around, 1, 1 + bytes.length, features, 1, 0), features };
  };
  const [expected, found] = [read(general), read(compiled)];
  t.deepEqual(found.refusal, expected.refusal);
  t.true(
    [...found.features.subarray(0, width), ...found.features.subarray(2 * width)].every(
      (feature) => feature === 7,
    ),
    'the rows beside it are left alone',
  );
  if (expected.refusal !== null) return 'refused';
  t.deepEqual(found.features, expected.features);
  t.deepEqual(compiled.ids(1), general.ids(1));
  for (const [id, value] of general.ids(1).entries()) {
    const [start, end] = [compiled.idStart(1, id), compiled.idEnd(1, id)];
    if (start !== ELSEWHERE)
      t.deepEqual(start < 0 ? undefined : codecs[format].decode(around, start, end), value);
  }
  return compiled.isWalked(1);
}

for (const format of FORMATS) {
  test(`${format}: a plain record is walked, wherever its fields stand, with letters beyond ASCII and with fields that nobody wants`, (t) => {
    t.is(agree(t, format, bytesOf(format, PLAIN)), true);
    const other = {
      beside: 'ä',
      card: { more: null, scaled: [true, 6], id: 'x', b: 0 },
      list: [-1, 0.1, 1e9],
      a: 7,
    };
    t.is(agree(t, format, bytesOf(format, other)), true);
    const reader = readerOf(format);
    const bytes = bytesOf(format, PLAIN);
    const features = new Float32Array(WIDTH);
    t.is(reader.read(bytes, 0, bytes.length, features, 0, 0), null);
    t.deepEqual([...features], FEATURES);
  });

  test(`${format}: a record nested as deep as is allowed is walked, one deeper is refused`, (t) => {
    const list = [fieldInput('list', { count: 2 })];
    for (const [inputs, value, depth] of [
      [[], {}, 1],
      [[fieldInput('a.b')], { a: { b: 1 } }, 2],
      [[fieldInput('a.b.c')], { a: { b: { c: 1 } } }, 3],
      [list, { list: [1, 2] }, 2],
      [[fieldInput('a')], { a: 1, beside: [1] }, 2],
      [[fieldInput('a.b')], { a: { b: 1, beside: {} } }, 3],
    ] as const) {
      t.is(
        agree(t, format, bytesOf(format, value), { inputs, idPaths: [], nestingMax: depth }),
        true,
        JSON.stringify(value),
      );
      t.is(
        agree(t, format, bytesOf(format, value), { inputs, idPaths: [], nestingMax: depth - 1 }),
        'refused',
      );
    }
  });

  test(`${format}: with no field to look for, what is no record is refused all the same`, (t) => {
    for (const value of [null, 1, 'x', true, [], [1]])
      t.is(
        agree(t, format, bytesOf(format, value), { inputs: [{ kind: 'constant', constant: 1 }] }),
        'refused',
      );
    t.is(agree(t, format, new Uint8Array(0), { inputs: [] }), 'refused');
    t.is(agree(t, format, bytesOf(format, {}), { inputs: [] }), true);
  });

  test(`${format}: whatever stands for a field, or twice, both readers agree, and nothing is written beside the row`, (t) => {
    const anything = fc.oneof(
      fc.constantFrom(1, -0, 'x', null, true, [], {}, [1, 2], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], {
        b: 1,
      }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const fields = fc.array(fc.tuple(fc.constantFrom('a', 'list', 'card', 'id', 'beside'), anything), {
      maxLength: 3,
    });
    const entry = ([name, value]: readonly [string, unknown]): Uint8Array =>
      format === 'json'
        ? Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
        : Buffer.concat([codecs.msgpack.encode(name).slice(), codecs.msgpack.encode(value).slice()]);
    const written = (entries: readonly (readonly [string, unknown])[]): Uint8Array =>
      format === 'json'
        ? Buffer.from(`{${entries.map((each) => Buffer.from(entry(each)).toString()).join()}}`)
        : Buffer.concat([Uint8Array.of(0x80 | entries.length), ...entries.map(entry)]);
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        const whole = [...before, ...Object.entries(PLAIN), ...after];
        agree(t, format, written(whole));
        agree(t, format, written(whole.slice(1)));
      }),
      runs(300),
    );
    for (const value of [[], {}, null, 'x', [1, 2, 3, 4]])
      for (const name of ['list', 'a', 'card'])
        t.is(agree(t, format, written([...Object.entries(PLAIN), [name, value]])), 'refused');
  });

  test(`${format}: rows may be read in any order, and keep their ids`, (t) => {
    const reader = readerOf(format);
    const features = new Float32Array(40 * WIDTH);
    const rows = [5, 4, 6, 0, 39, 1, 38, 2];
    for (const row of rows) {
      const bytes = bytesOf(format, {
        ...PLAIN,
        id: row,
        card: { b: 3, scaled: [4, 6], ...(row === 1 ? {} : { id: `card ${row}` }) },
      });
      t.is(reader.read(bytes, 0, bytes.length, features, row, 0), null);
    }
    for (const row of rows)
      t.deepEqual(reader.ids(row), [row, row === 1 ? undefined : `card ${row}`, [1, 2, 3]]);
    t.true(rows.every((row) => reader.isWalked(row)));
  });

  test(`${format}: what is looked up in a record that was walked is what the decoded one holds`, (t) => {
    const paths = ['text', 'card.id', 'list.0', 'list.2', 'list.3', 'other', 'none', 'card'];
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('a\\b', 'q"q', 'ü', '\u0001', '', 'plain', '-1', 'é\\'),
    );
    const other = fc.oneof(
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom([1, 2], [1, 'é'], ['x', ['y']], {}),
    );
    const long = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(2n ** 53n + 1n, 7n),
    );
    const raw = new UndecodedRecord(INPUTS, []);
    const getters = paths.map((path) => raw.getter(path));
    const reader = readerOf(format, { raw, idPaths: [] });
    fc.assert(
      fc.property(fc.oneof(other, long), other, (given, more) => {
        const bytes = bytesOf(format, {
          ...PLAIN,
          text: given,
          card: { ...PLAIN.card, id: more },
          other: [0, given],
        });
        const around = Buffer.concat([bytes, bytes]);
        t.is(reader.read(around, bytes.length, 2 * bytes.length, new Float32Array(WIDTH), 0, 0), null);
        t.true(reader.isWalked(0));
        const decoded = codecs[format].decode(bytes, 0, bytes.length);
        for (const [index, path] of paths.entries())
          t.deepEqual(getters[index]?.(raw.show(around, 0)), OBJECT_FIELDS.getter(path)(decoded), path);
      }),
      runs(200),
    );
  });
}

test('json: a number of more digits than a double has is rounded once, scaled or not', (t) => {
  const inputs = [fieldInput('a'), fieldInput('b', { log1p: true }), fieldInput('c', { mean: 1, std: 3 })];
  for (const number of [
    '16777217.0000000037',
    '16777216.99999999999',
    '16777217.0',
    '0.1234567890123456789',
    '9007199254740993',
    '1e-7',
    '33554434.0000000000000001',
  ])
    t.is(
      agree(t, 'json', Buffer.from(`{"a":${number},"b":${number},"c":${number}}`), { inputs, idPaths: [] }),
      true,
      number,
    );
});

test('json: white space is walked, keys with an escape are not, and bytes that are no UTF-8 are refused', (t) => {
  const inputs = [fieldInput('a')];
  const walked = (text: string | Uint8Array) =>
    agree(t, 'json', Buffer.from(text as string), { inputs, idPaths: ['b'] });
  t.is(walked(' { "a" : 1 ,\n"b" : "é" } '), true);
  t.is(walked('{"\\u0061":1}'), false);
  t.is(walked('{"a":1,"b":"\\u0061"}'), true);
  t.is(walked(Buffer.concat([Buffer.from('{"a":1,"b":"'), Buffer.of(0xff), Buffer.from('"}')])), 'refused');
  t.is(walked('{"a":1} x'), 'refused');
});

test('avro: numbers and flags are walked, also in lists, and where a default stands for null', (t) => {
  const inputs = [fieldInput('a'), fieldInput('list', { count: 2 }), fieldInput('maybe', { default: 9 })];
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: ['boolean', 'double', 'string'] },
      { name: 'list', type: { type: 'array', items: 'int' } },
      { name: 'maybe', type: ['null', 'double'] },
    ],
  };
  const record = new AvroRecord(inputs);
  const plan = compilePlan(inputs, record);
  const options = { framing: 'plain', schema: JSON.stringify(schema), writers: [], schemasMax: 1 } as const;
  const reader = new WalkingAvroReader({
    options,
    inputs,
    plan,
    record,
    idPaths: ['a', 'list.1'],
    nestingMax: 2,
  });
  const type = avro.Type.forSchema(structuredClone(schema) as never, { wrapUnions: 'always' });
  const read = (a: object, list: readonly number[], maybe: object | null) => {
    const features = new Float32Array(12).fill(7);
    const bytes = type.toBuffer({ a, list, maybe });
    const refusal = reader.read(bytes, 0, bytes.length, features, 1, 0);
    t.deepEqual([...features.subarray(0, 4), ...features.subarray(8)], new Array(8).fill(7));
    return [refusal?.code ?? [...features.subarray(4, 8)], reader.isWalked(1)];
  };
  t.deepEqual(read({ double: 1.5 }, [3, 4], { double: 5 }), [[1.5, 3, 4, 5], true]);
  t.deepEqual(reader.ids(1), [1.5, 4]);
  t.deepEqual([reader.idStart(), reader.idEnd()], [ELSEWHERE, ELSEWHERE]);
  t.deepEqual(read({ boolean: true }, [3, 4], null), [[1, 3, 4, 9], true]);
  t.deepEqual(reader.ids(1), [true, 4]);
  t.is(read({ string: 'x' }, [3, 4], null)[1], false);
  t.is(read({ double: 1e39 }, [3, 4], null)[1], false);
  t.is(read({ double: 1 }, [3, 4, 5], null)[1], false);
});

test('avro: whose schema is not known yet is asked for before anything is read, and a check asks too', (t) => {
  const inputs = [fieldInput('a')];
  const record = new AvroRecord(inputs);
  const plan = compilePlan(inputs, record);
  const options = { framing: 'confluent', schema: null, writers: [], schemasMax: 9 } as const;
  const reader = new WalkingAvroReader({ options, inputs, plan, record, idPaths: [], nestingMax: 9 });
  const bytes = Buffer.of(0, 0, 0, 0, 7, 4);
  t.throws(() => reader.check(bytes, 0, 6), { code: 'SCORELANE_SCHEMA_NEEDED' });
  t.throws(() => reader.read(bytes, 0, 6, new Float32Array(1), 0, 0), { code: 'SCORELANE_SCHEMA_NEEDED' });
  reader.codec.learn(7, '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}');
  t.notThrows(() => reader.check(bytes, 0, 6));
  const features = new Float32Array(1);
  t.is(reader.read(bytes, 0, 6, features, 0, 0), null);
  t.is(features[0], 2);
  reader.named?.({ wrong: 'no such header' });
  t.like(reader.read(bytes, 0, 6, features, 0, 0), { code: 'UNDECODABLE', message: 'no such header' });
});
