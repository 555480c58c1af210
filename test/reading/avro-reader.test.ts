// The compiled reader for Avro, held against the general one, which decodes by avsc: for schemas
// and values of all kinds the same features to the bit, the same ids, the same refusals, and the
// same state behind them.

import test from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { AvroReader } from '../../src/codec/avro.ts';
import { LONG } from '../../src/codec/avro-long.ts';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { AvroRecord, WalkingAvroReader } from '../../src/reading/avro-reader.ts';
import { generalReader } from '../../src/reading/input-reader.ts';
import { inRuns, runs } from '../support/runs.ts';

const INPUTS = [
  { path: 'amount', log1p: true, mean: 2, std: 3 },
  { path: 'amount' },
  { path: 'list', count: 3, mean: 1 },
  { path: 'list.2' },
  { path: 'maybe', default: -1 },
  { path: 'card.limit', minus: 'amount' },
  { path: 'kind', oneOf: ['a', 'ö', 3, true] },
  { window: { function: 'mean', by: 'card.number', of: 'amount', size: '1m' } },
  { window: { function: 'distinct', by: 'card.number', of: 'kind', size: '1m' } },
].map((input) => planInput.parse(input));
// Refused by a clock two readers would refuse in other words, for it goes on between them.
const STATE = stateSchema.parse({ time: 'at', ahead: 'unbounded' });
const IDS = ['id', 'card.number', 'absent'];

type Field = {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly aliases?: string[];
};

/** A type, and values of it in the form that avsc wraps unions in. */
interface Kind {
  readonly type: unknown;
  readonly values: fc.Arbitrary<unknown>;
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 });
const integer = fc.oneof(
  fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);
const KINDS: Readonly<Record<string, Kind>> = {
  int: { type: 'int', values: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }) },
  long: { type: 'long', values: integer },
  // As Connect writes it.
  connect: { type: { type: 'long', 'connect.version': 1 }, values: integer },
  micros: { type: { type: 'long', logicalType: 'timestamp-micros' }, values: integer },
  float: { type: 'float', values: fc.float({ noNaN: true, noDefaultInfinity: true }) },
  double: { type: 'double', values: double },
  boolean: { type: 'boolean', values: fc.boolean() },
  string: { type: 'string', values: fc.string({ unit: 'grapheme', maxLength: 6 }) },
  maybe: {
    type: ['null', 'double'],
    values: fc.option(
      double.map((value) => ({ double: value })),
      { nil: null },
    ),
  },
  mixed: {
    type: ['string', 'int', 'null', 'double'],
    values: fc.oneof(
      fc.constantFrom('a', 'ö').map((string) => ({ string })),
      fc.integer({ min: 0, max: 5 }).map((int) => ({ int })),
      fc.constant(null),
    ),
  },
  bytes: { type: 'bytes', values: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)) },
  date: { type: { type: 'int', logicalType: 'date' }, values: fc.integer({ min: 0, max: 20_000 }) },
  map: { type: { type: 'map', values: 'long' }, values: fc.dictionary(fc.string(), fc.nat(9)) },
};
const number = fc.constantFrom('int', 'long', 'float', 'double', 'double', 'double');
const scalar = fc.constantFrom(
  'int',
  'long',
  'connect',
  'micros',
  'double',
  'string',
  'maybe',
  'mixed',
  'boolean',
  'bytes',
  'date',
);
const seldom = (usual: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: usual, weight: 12 }, { arbitrary: scalar, weight: 1 });

const schemas = fc
  .record({
    amount: seldom(number),
    items: number,
    kind: scalar,
    limit: seldom(number),
    number: fc.constantFrom('string', 'int', 'long', 'connect', 'maybe'),
    isCardThere: fc.constantFrom(true, true, true, false),
    beside: fc.constantFrom(...Object.keys(KINDS)),
    order: fc.shuffledSubarray(['id', 'amount', 'list', 'maybe', 'card', 'kind', 'at', 'beside'], {
      minLength: 7,
    }),
  })
  .map(({ order, ...of }) => {
    const kind = (name: string): Kind => KINDS[name] as Kind;
    const card = {
      type: 'record',
      name: 'Card',
      fields: [
        { name: 'more', type: kind(of.beside).type },
        { name: 'number', type: kind(of.number).type },
        { name: 'limit', type: kind(of.limit).type },
      ],
    };
    const cards = fc.record({
      more: kind(of.beside).values,
      number: kind(of.number).values,
      limit: kind(of.limit).values,
    });
    const all: Readonly<Record<string, Kind>> = {
      id: kind('long'),
      amount: kind(of.amount),
      list: {
        type: { type: 'array', items: kind(of.items).type },
        values: fc.oneof(
          { arbitrary: fc.array(kind(of.items).values, { minLength: 3, maxLength: 3 }), weight: 9 },
          { arbitrary: fc.array(kind(of.items).values, { maxLength: 5 }), weight: 1 },
        ),
      },
      maybe: kind('maybe'),
      card: of.isCardThere
        ? { type: card, values: cards }
        : {
            type: ['null', card],
            values: fc.option(
              cards.map((Card) => ({ Card })),
              { nil: null },
            ),
          },
      kind: kind(of.kind),
      at: { type: 'long', values: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }) },
      beside: kind(of.beside),
    };
    const fields: Field[] = order.map((name) => ({ name, type: (all[name] as Kind).type }));
    const values = fc.record(Object.fromEntries(order.map((name) => [name, (all[name] as Kind).values])));
    return { writer: { type: 'record', name: 'R', fields }, values };
  });

/**
 * A reader's schema as users have: the amounts by another name, a default for what is not there.
 */
const READER = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'kind', type: 'string', default: 'a' },
    { name: 'amount', type: 'double', aliases: ['sum'] },
    { name: 'list', type: { type: 'array', items: 'double' } },
    { name: 'id', type: 'long' },
    { name: 'maybe', type: ['null', 'double'], default: null },
    {
      name: 'card',
      type: {
        type: 'record',
        name: 'Card',
        fields: [
          { name: 'limit', type: 'double', default: 100 },
          { name: 'number', type: 'long' },
        ],
      },
    },
    { name: 'at', type: 'long', default: 0 },
  ],
};

function pair(writer: object, reader: object | null) {
  const options = {
    framing: 'confluent',
    schema: reader && JSON.stringify(reader),
    writers: [],
    schemasMax: 10,
  } as const;
  const codec = new AvroReader(options);
  codec.learn(7, JSON.stringify(writer));
  const record = new AvroRecord(INPUTS);
  const plan = new StatefulPlan(INPUTS, STATE, null, record);
  const compiled = new WalkingAvroReader({
    options,
    inputs: INPUTS,
    plan,
    record,
    idPaths: IDS,
    nestingMax: 64,
  });
  compiled.codec.learn(7, JSON.stringify(writer));
  return { general: generalReader(codec, new StatefulPlan(INPUTS, STATE), IDS), compiled };
}

/** Reads all with both. Returns how many records were scored, and how many of them were walked. */
function agree(
  t: import('ava').ExecutionContext,
  writer: object,
  reader: object | null,
  values: readonly unknown[],
  damage: (bytes: Buffer) => Buffer = (bytes) => bytes,
): { scored: number; walked: number } {
  const { general, compiled } = pair(writer, reader);
  const { width } = general;
  const typeHook = (schema: { type?: unknown }) => (schema.type === 'long' ? LONG : undefined);
  const options = { wrapUnions: 'always', registry: { long: LONG }, typeHook } as never;
  const type = avro.Type.forSchema(writer as never, options);
  let [scored, walked] = [0, 0];
  values.forEach((value, index) => {
    const row = index % 3;
    const bytes = damage(
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 7]), type.toBuffer(value), Buffer.from([1])]),
    );
    const [expected, found] = [new Float32Array(3 * width), new Float32Array(3 * width)];
    const refusal = general.read(bytes, 1, bytes.length - 1, expected, row, 0);
    t.deepEqual(compiled.read(bytes, 1, bytes.length - 1, found, row, 0), refusal);
    if (refusal !== null) return;
    scored++;
    t.deepEqual(found, expected);
    t.deepEqual(compiled.ids(row), general.ids(row));
    if (compiled.isWalked(row)) walked++;
  });
  return { scored, walked };
}

const given = schemas.chain((of) =>
  fc.record({ writer: fc.constant(of.writer), values: fc.array(of.values, { minLength: 1, maxLength: 8 }) }),
);

test('whatever the schema of the writer', (t) => {
  let [scored, walked] = [0, 0];
  fc.assert(
    fc.property(given, ({ writer, values }) => {
      const found = agree(t, writer, null, values);
      scored += found.scored;
      walked += found.walked;
    }),
    runs(600),
  );
  t.true(scored > inRuns(100) && walked > scored / 2, `${scored} scored, ${walked} of them walked`);
});

test('whatever the bytes: cut off, or with one of them changed', (t) => {
  fc.assert(
    fc.property(given, fc.nat(60), fc.nat(255), fc.boolean(), ({ writer, values }, at, byte, isCut) => {
      agree(t, writer, null, values, (bytes) => {
        if (isCut) return bytes.subarray(0, Math.max(2, bytes.length - at));
        const changed = Buffer.from(bytes);
        // Not in the frame.
        changed[6 + (at % (bytes.length - 6))] = byte;
        return changed;
      });
    }),
    runs(600),
  );
});

test("as the reader's schema says: aliases, defaults, promotions, fields left out", (t) => {
  const number = (name: string): fc.Arbitrary<Kind> =>
    fc.constantFrom('int', 'float', 'double').map((kind) => ({ ...KINDS[kind], name }) as Kind);
  const some = fc.tuple(number('sum'), fc.boolean(), fc.boolean()).chain(([sum, hasLimit, hasKind]) => {
    const card = {
      type: 'record',
      name: 'Card',
      fields: [{ name: 'number', type: 'int' }, ...(hasLimit ? [{ name: 'limit', type: 'float' }] : [])],
    };
    const fields = [
      { name: 'beside', type: { type: 'map', values: ['null', 'string'] } },
      { name: 'sum', type: sum.type },
      { name: 'list', type: { type: 'array', items: 'float' } },
      { name: 'id', type: 'int' },
      { name: 'card', type: card },
      ...(hasKind ? [{ name: 'kind', type: 'string' }] : []),
    ];
    const values = fc.record({
      beside: fc.constantFrom({}, { a: null, b: { string: 'x' } }),
      sum: sum.values,
      list: fc.array((KINDS.float as Kind).values, { minLength: 3, maxLength: 3 }),
      id: fc.nat(),
      card: fc.record({ number: fc.nat(3), limit: (KINDS.float as Kind).values }),
      kind: fc.constantFrom('a', 'b'),
    });
    return fc.record({
      writer: fc.constant({ type: 'record', name: 'R', fields }),
      values: fc.array(values, { minLength: 1, maxLength: 8 }),
    });
  });
  let [scored, walked] = [0, 0];
  fc.assert(
    fc.property(some, ({ writer, values }) => {
      const found = agree(t, writer, READER, values);
      scored += found.scored;
      walked += found.walked;
    }),
    runs(300),
  );
  t.true(scored > inRuns(100) && walked === scored, `${scored} scored, ${walked} of them walked`);
});
