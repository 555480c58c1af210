// The compiled readers on nested fields and lists, and the one for JSON on everything: held against
// the general reader, which decodes to an object. Same features to the bit, same ids, same
// refusals.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { codecs, type Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { fieldInput } from '../support/inputs.ts';
import { inRuns, runs } from '../support/runs.ts';

const inputs = [
  fieldInput('a', { mean: 0.1, std: 3 }),
  fieldInput('list', { count: 3 }),
  fieldInput('card.amount', { log1p: true }),
  fieldInput('card.deep.levels', { count: 2, mean: 1, std: 2 }),
];
const ids = ['id', 'card.number', 'absent'];
const width = 7;

const readers = (format: Format): readonly [InputReader, InputReader] => [
  generalReader(codecs[format], compilePlan(inputs), ids),
  compileReader(format, inputs, ids),
];
const pairs: Record<Format, readonly [InputReader, InputReader]> = {
  msgpack: readers('msgpack'),
  json: readers('json'),
};

/** Reads with both and holds one against the other. Returns whether the record was refused. */
function agree(t: ExecutionContext, format: Format, bytes: Uint8Array, row = 0): boolean {
  const [general, compiled] = pairs[format];
  const around = Buffer.concat([Uint8Array.of(0x30), bytes, Uint8Array.of(0x30)]);
  const expected = new Float32Array(width * (row + 1));
  const found = new Float32Array(width * (row + 1));
  const refusal = general.read(around, 1, 1 + bytes.length, expected, row, 0);
  t.deepEqual(compiled.read(around, 1, 1 + bytes.length, found, row, 0), refusal);
  if (refusal !== null) return true;
  t.deepEqual(found, expected);
  t.deepEqual(compiled.ids(row), general.ids(row));
  return false;
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }),
  fc.integer(),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, 1e-7, 123456789012345, 1234567890123456, 0.30000000000000004),
);
const amount = fc.double({ noNaN: true, min: 0, max: 1e9 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const record = fc.record({
  id: fc.oneof(text, fc.integer()),
  a: number,
  list: fc.array(number, { minLength: 3, maxLength: 3 }),
  card: fc.record({
    amount,
    number: text,
    deep: fc.record({ levels: fc.array(number, { minLength: 2, maxLength: 2 }), other: fc.jsonValue() }),
  }),
  other: fc.jsonValue(),
});
const shuffled = (given: object): fc.Arbitrary<object> =>
  fc
    .shuffledSubarray(Object.entries(given), { minLength: Object.keys(given).length })
    .map((entries) => Object.fromEntries(entries));

for (const format of ['msgpack', 'json'] as const) {
  test(`${format}: nested fields and lists give the same row and ids, in any order of keys`, (t) => {
    let scored = 0;
    fc.assert(
      fc.property(record.chain(shuffled), fc.nat(3), (given, row) => {
        if (!agree(t, format, codecs[format].encode(given), row)) scored++;
      }),
      runs(1_000),
    );
    t.true(scored > inRuns(900), `${scored} were scored`);
  });

  test(`${format}: anything for a field, or nothing, is refused alike`, (t) => {
    const anything = fc.jsonValue();
    fc.assert(
      fc.property(
        record,
        fc.constantFrom('a', 'list', 'card', 'id'),
        anything,
        fc.boolean(),
        (given, name, other, keep) => {
          const changed: Record<string, unknown> = { ...given, [name]: other };
          if (!keep) delete changed[name];
          agree(t, format, codecs[format].encode(changed));
        },
      ),
      runs(1_000),
    );
  });

  test(`${format}: lists that are too short or too long, and repeated keys, are judged alike`, (t) => {
    const good = { id: 1, a: 1, list: [1, 2, 3], card: { amount: 1, number: 'n', deep: { levels: [1, 2] } } };
    t.false(agree(t, format, codecs[format].encode(good)));
    for (const list of [[], [1, 2], [1, 2, 3, 4], [1, null, 3], [1, [2], 3], {}, 'abc'])
      t.true(agree(t, format, codecs[format].encode({ ...good, list })));
    for (const card of [[], null, 3, 'x', { ...good.card, deep: [] }])
      t.true(agree(t, format, codecs[format].encode({ ...good, card })));
  });

  test(`${format}: a record cut off at any byte, or with any byte changed, is judged alike`, (t) => {
    const given = {
      id: 'é"\\/\n\u0001',
      a: -12.5e-3,
      list: [1, 0.1, 16777217],
      card: { amount: 3, number: null, deep: { levels: [true, 2], other: [{}, [], 'x'] } },
    };
    const bytes = codecs[format].encode(given).slice();
    for (let end = 0; end < bytes.length; end++)
      t.true(agree(t, format, bytes.subarray(0, end)), `${end} bytes`);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [0x01, 0x02, 0x10, 0x20, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] as number) ^ change;
        agree(t, format, damaged);
      }
    }
  });
}

test('json: white space, escapes and every form of a number are read as JSON.parse reads them', (t) => {
  const levels = '"card":{"amount":1,"deep":{"levels":[1,2]}}';
  const numbers = [
    ...['0', '-0', '1', '10', '1.0', '1e2', '1E+2', '1e-2', '12345678901234567890', '0.1234567890123456789'],
    ...[
      '1234567890123456.7',
      '0.000000000000000000000000123',
      '5e-324',
      '1e400',
      '-1e400',
      '16777217',
      '0.3e1',
    ],
    // Not numbers.
    ...[
      '01',
      '-',
      '1.',
      '.5',
      '1e',
      '1e+',
      '+1',
      '0x10',
      'NaN',
      'Infinity',
      '1_000',
      '--1',
      '"1"',
      'null',
      'tru',
      'true',
    ],
  ];
  for (const a of numbers) {
    agree(t, 'json', Buffer.from(`{"a":${a},"list":[1,2,3],${levels}}`));
    agree(t, 'json', Buffer.from(`{"a":1,"list":[1,${a},3],${levels}}`));
    agree(t, 'json', Buffer.from(`{"a":1,"list":[1,2,3],${levels},"x":${a}}`));
  }
  t.false(agree(t, 'json', Buffer.from(` \n{ "a" :\t1 , "list":[ 1 ,2,3 ] , ${levels} }\r\n`)));
  t.false(agree(t, 'json', Buffer.from(`{"\\u0061":1,"list":[1,2,3],${levels}}`)));
  t.false(agree(t, 'json', Buffer.from(`\ufeff{"a":1,"list":[1,2,3],${levels}}`)));
  for (const bad of ['{"a":1,}', '{,}', '[1,]', '{"a" 1}', '"\\x"', '"\\u12g4"', '"\t"', '', ' '])
    agree(t, 'json', Buffer.from(`{"a":1,"list":[1,2,3],${levels},"x":${bad}}`));
});

test('json: random text of the characters of JSON is judged alike', (t) => {
  const character = fc.constantFrom(...'{}[]",:0123456789.eE+-\\ntrufalsé \n');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 40 }), (value) => {
      agree(
        t,
        'json',
        Buffer.from(`{"a":1,"list":[1,2,3],"card":{"amount":1,"deep":{"levels":[1,2]}},"x":${value}}`),
      );
    }),
    runs(5_000),
  );
});
