// A record has one result, byte for byte, whichever reader had it: ids are copied from its bytes
// where the formats are the same, and written with all of their digits where they are not.

import test from 'ava';
import fc from 'fast-check';
import { codecs, FORMATS, type Format } from '../../src/codec/codecs.ts';
import { parsePath } from '../../src/features/path.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { entriesOf, Locator } from '../../src/reading/locate.ts';
import type { WalkingReader } from '../../src/reading/walking-reader.ts';
import { AvroResultWriter } from '../../src/worker/write/avro-results.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import { fieldInput } from '../support/inputs.ts';
import { inRuns, runs } from '../support/runs.ts';

const INPUTS = [fieldInput('a', { default: 3 }), fieldInput('list', { count: 2 })];
const IDS = ['id', 'list.1', 'card.number', 'items.0.id', 'with\\.dot', 'list', '__proto__'];
const SHAPE = { idPaths: IDS, outputs: ['score'], model: 'm', version: '1' };

const pairOf = (format: Format): readonly [InputReader, InputReader] => {
  const locator = new Locator(entriesOf[format](64), IDS.map(parsePath));
  return [
    generalReader(codecs[format], compilePlan(INPUTS), IDS, 64, locator),
    compileReader(format, INPUTS, IDS),
  ];
};

/** The results of a record in every format, by a reader; null where it is refused. */
function resultsOf(reader: InputReader, format: Format, value: Uint8Array): string[] | null {
  const bytes = Buffer.concat([Uint8Array.of(0x30), value, Uint8Array.of(0x30)]);
  const refusal = reader.read(bytes, 1, bytes.length - 1, new Float32Array(6), 1, 0);
  if (refusal !== null) return null;
  const writers = [
    ...FORMATS.map((each) => new ResultWriter({ ...SHAPE, inputFormat: format, format: each })),
    new AvroResultWriter(
      { ...SHAPE, outputs: [{ name: 'score', type: 'float' as const, isList: false }] },
      new Uint8Array(0),
    ),
  ];
  return writers.map((writer) => {
    writer.write(reader, 1, bytes, [Float32Array.of(0.5)], 0, 1);
    return Buffer.from(writer.bytes.subarray(0, writer.end)).toString('latin1');
  });
}

const digits = fc
  .oneof(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: 0n, max: 2n ** 55n }))
  .map(String);
const literal = fc.oneof(
  digits,
  fc.constantFrom(
    '1.10',
    '1e2',
    '-0',
    'null',
    'true',
    '"x\\u00e9"',
    '"ü"',
    '[1, 2]',
    '{"b":12345678901234567890}',
  ),
);
const key = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    `"${name}"`,
    `"${name}"`,
    `"${name}"`,
    `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`,
  );
const entry = fc.oneof(
  fc.tuple(key('id'), literal),
  fc.tuple(key('a'), fc.constantFrom('1', '1', 'null', '12345678901234567890')),
  fc.tuple(
    key('list'),
    fc.tuple(digits, digits).map((two) => `[${two.join(' , ')}]`),
  ),
  fc.tuple(
    key('card'),
    fc.oneof(
      literal,
      literal.map((number) => `{"number":${number}}`),
    ),
  ),
  fc.tuple(
    key('items'),
    fc.oneof(
      literal,
      literal.map((id) => `[{"id": ${id} },{"id":0}]`),
    ),
  ),
  fc.tuple(key('with.dot'), literal),
  fc.tuple(key('__proto__'), literal),
);
const text = fc
  .tuple(fc.array(entry, { maxLength: 8 }), fc.constantFrom('', '', '\ufeff', ' \n'))
  .map(
    ([entries, before]) =>
      `${before}{"list":[1,2],${[...entries, ['"x"', '1']].map(([name, value]) => `${name}:${value}`).join(',')}}`,
  );

test('json: whatever the record is, both readers lead to the same bytes in every format', (t) => {
  const [general, compiled] = pairOf('json');
  let walked = 0;
  fc.assert(
    fc.property(text, (given) => {
      const bytes = Buffer.from(given);
      t.deepEqual(resultsOf(compiled, 'json', bytes), resultsOf(general, 'json', bytes), given);
      if ((compiled as WalkingReader).isWalked(1)) walked++;
    }),
    runs(3_000),
  );
  t.true(walked > inRuns(100) && walked < inRuns(2_900), `${walked} were walked`);
});

const packed = (value: unknown): Uint8Array => codecs.msgpack.encode(value).slice();
const binary = fc.oneof(
  fc
    .oneof(
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.string(),
      fc.uint8Array(),
      fc.constant(null),
    )
    .map(packed),
  fc.constantFrom(
    ...[
      [0xa2, 0xff, 0x61],
      [0xd4, 0x05, 0x07],
      [0xd6, 0xff, 0, 0, 0, 9],
      [0xc7, 3, 0xf0, 1, 2, 3],
      [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    ].map((bytes) => Uint8Array.from(bytes)),
  ),
);
const map = (entries: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
  Buffer.concat([
    Uint8Array.of(0x80 | entries.length),
    ...entries.flatMap(([name, value]) => [packed(name), value]),
  ]);
const field: fc.Arbitrary<readonly [string, Uint8Array]> = fc.oneof(
  fc.tuple(fc.constantFrom('id', 'with.dot', '__proto__', 'card', 'items', 'other'), binary),
  binary.map((number) => ['card', map([['number', number]])] as const),
  binary.map((id) => ['items', Buffer.concat([Uint8Array.of(0x91), map([['id', id]])])] as const),
  fc.constantFrom(1, null).map((a) => ['a', packed(a)] as const),
);

test('msgpack: whatever the record is, both readers lead to the same bytes in every format', (t) => {
  const [general, compiled] = pairOf('msgpack');
  let walked = 0;
  fc.assert(
    fc.property(fc.array(field, { maxLength: 8 }), (fields) => {
      const bytes = map([['list', packed([1, 2.5])], ...fields]);
      t.deepEqual(resultsOf(compiled, 'msgpack', bytes), resultsOf(general, 'msgpack', bytes));
      if ((compiled as WalkingReader).isWalked(1)) walked++;
    }),
    runs(2_000),
  );
  t.true(walked > inRuns(100) && walked < inRuns(1_900), `${walked} were walked`);
});

test('ids stand in the result as in the record, also an element of a list that is an input, bytes and unknown extensions', (t) => {
  const readers = pairOf('msgpack');
  const extension = Uint8Array.of(0xd4, 0x05, 0x07);
  const bytes = map([
    ['a', packed(1)],
    ['list', packed([1, 2])],
    ['id', extension],
    ['card', map([['number', packed(Uint8Array.of(9))]])],
  ]);
  for (const reader of readers) {
    const [result = ''] = resultsOf(reader, 'msgpack', bytes) ?? [];
    const written = Buffer.from(result, 'latin1');
    const value = codecs.msgpack.decode(written, 0, written.length) as Record<string, unknown>;
    t.is(value['list.1'], 2);
    t.deepEqual(value['card.number'], Uint8Array.of(9));
    t.true(written.includes(Buffer.concat([packed('id'), extension])));
  }
  const number = '12345678901234567891';
  for (const before of ['', '\ufeff']) {
    const json = Buffer.from(`${before}{"id":${number},"list":[1,${number}]}`);
    for (const reader of pairOf('json')) {
      const [inMsgpack = '', inJson = '', inAvro = ''] = resultsOf(reader, 'json', json) ?? [];
      t.true(inJson.includes(`"id":${number},"list.1":${number},`), inJson);
      t.true(inMsgpack.includes(Buffer.from(packed(BigInt(number))).toString('latin1')));
      t.true(inAvro.includes(number));
    }
  }
});
