// A row that is scored was written whole, whatever the plan, the record, its format and the reader:
// a place that is left alone would hold what another record put there. So rows are NaN before, and
// every record comes after one that had all fields.

import test from 'ava';
import avro from 'avsc';
import fc from 'fast-check';
import { AvroReader } from '../../src/codec/avro.ts';
import { codecs } from '../../src/codec/codecs.ts';
import { type PlanInput, planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { AvroRecord, WalkingAvroReader } from '../../src/reading/avro-reader.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import { inRuns, runs } from '../support/runs.ts';

const NUMBERS = ['a', 'a', 'b', 'b', 'in.x', 'in.x', 'list.1'];
const LISTS = ['list', 'list', 'in.list'];
const IDS = ['b', 'in.x'];
const STATE = stateSchema.parse({});
const NESTING_MAX = 8;

const path = fc.constantFrom(...NUMBERS);
const fallback = fc.constantFrom(undefined, -1, -1, 0, 0, 1e39);
const scale = fc.constantFrom({}, { mean: 1, std: 2 }, { log1p: true });
const input = fc
  .oneof(
    fc.record({ path, default: fallback, scale }),
    fc.record({
      path: fc.constantFrom(...LISTS),
      count: fc.constantFrom(2, 3),
      default: fallback,
      scale,
    }),
    fc.record({ path, minus: path, scale }),
    fc.record({ constant: fc.constantFrom(0, 2.5) }),
    fc.record({ path: fc.constant('deep'), shape: fc.constant([2, 2]), default: fallback, scale }),
    fc.record({ path, oneOf: fc.constant([1, 'x', true]) }),
    fc.record({ path, vocabulary: fc.constant([1, 'x']) }),
    fc.record({ path, hashing: fc.constant({ bins: 5 }) }),
    fc.record({ path, hash: fc.constant({ buckets: 3 }) }),
    fc.record({ time: fc.constantFrom('hour', 'weekday'), cyclic: fc.constant(true), path }),
    fc.record({ time: fc.constantFrom('month', 'isNight') }),
    fc.record({
      window: fc.constantFrom(
        { function: 'mean', of: 'a', size: '1m' },
        { function: 'distinct', of: 'b', by: 'in.x', size: '1m' },
      ),
    }),
  )
  .map((said): PlanInput => {
    const { scale: scaling = {}, ...rest } = said as { readonly scale?: object };
    return planInput.parse(JSON.parse(JSON.stringify({ ...rest, ...scaling })));
  });

const ABSENT = undefined;
const one = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 }).map((number) => number / 4) },
  { weight: 1, arbitrary: fc.constantFrom('x', true, null, ABSENT, ABSENT) },
);
const list = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.nat(9), { minLength: 2, maxLength: 3 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(ABSENT, ABSENT, ABSENT, null, [], [1, null], [null, 1, 2], 7),
  },
);
const inner = fc.record({ x: one, list });
const deep = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.array(fc.array(fc.nat(9), { minLength: 2, maxLength: 2 }), { minLength: 2, maxLength: 2 }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ABSENT,
      null,
      [[1, 2], [3]],
      [
        [1, 2],
        [3, null],
      ],
    ),
  },
);
const record = fc.record({
  a: one,
  b: one,
  list,
  deep,
  in: fc.oneof({ weight: 8, arbitrary: inner }, { weight: 1, arbitrary: fc.constantFrom(null, ABSENT) }),
});

/** Without the fields that are absent, which no format knows. */
const present = (given: object): Record<string, unknown> => JSON.parse(JSON.stringify(given));
const WHOLE = {
  a: 1,
  b: 2,
  list: [3, 4, 5],
  deep: [
    [1, 2],
    [3, 4],
  ],
  in: { x: 6, list: [7, 8, 9] },
};

/** A writer's schema for one value. */
function schemaOf(value: unknown, name = 'R'): unknown {
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'string') return typeof value;
  if (typeof value === 'number') return 'double';
  if (Array.isArray(value) && value.some(Array.isArray))
    return { type: 'array', items: { type: 'array', items: ['null', 'double'] } };
  if (Array.isArray(value))
    return { type: 'array', items: value.includes(null) ? ['null', 'double'] : 'double' };
  const fields = Object.entries(value as object).map(([key, each]) => ({
    name: key,
    type: schemaOf(each, `${name}_${key}`),
  }));
  return { type: 'record', name, fields };
}

/** Everything may be missing: the reader's schema then says null, or no list. */
const READER = {
  type: 'record',
  name: 'R',
  fields: [
    ...['a', 'b'].map((name) => ({ name, type: ['null', 'double', 'string', 'boolean'], default: null })),
    { name: 'list', type: ['null', { type: 'array', items: ['null', 'double'] }], default: null },
    {
      name: 'deep',
      type: ['null', { type: 'array', items: { type: 'array', items: ['null', 'double'] } }],
      default: null,
    },
    {
      name: 'in',
      type: {
        type: 'record',
        name: 'R_in',
        fields: [
          { name: 'x', type: 'double', default: 3 },
          { name: 'list', type: { type: 'array', items: 'double' }, default: [] },
        ],
      },
      default: {},
    },
  ],
};

interface Format {
  /** The general reader, and the compiled one. */
  readonly readers: (inputs: readonly PlanInput[]) => readonly [InputReader, InputReader];
  readonly encode: (value: object, readers: readonly InputReader[]) => Uint8Array;
}

function withRecords(format: 'json' | 'msgpack'): Format {
  return {
    readers(inputs) {
      const raw = new UndecodedRecord(inputs, IDS);
      const plan = new StatefulPlan(inputs, STATE, null, raw);
      const parts = { inputs, plan, raw, idPaths: IDS, nestingMax: NESTING_MAX };
      const general = generalReader(codecs[format], new StatefulPlan(inputs, STATE), IDS);
      return [general, readerFor(format, parts)];
    },
    encode: (value) => Uint8Array.from(codecs[format].encode(value)),
  };
}

function avroWith(reader: object | null): Format {
  const schema = reader && JSON.stringify(reader);
  const options = { framing: 'confluent', schema, writers: [], schemasMax: 10 } as const;
  const codecOf = new WeakMap<InputReader, AvroReader>();
  let latest = 0;
  return {
    readers(inputs) {
      const seen = new AvroRecord(inputs);
      const plan = new StatefulPlan(inputs, STATE, null, seen);
      const compiled = new WalkingAvroReader({
        options,
        inputs,
        plan,
        record: seen,
        idPaths: IDS,
        nestingMax: NESTING_MAX,
      });
      const codec = new AvroReader(options);
      const general = generalReader(codec, new StatefulPlan(inputs, STATE), IDS);
      codecOf.set(general, codec).set(compiled, compiled.codec);
      return [general, compiled];
    },
    encode(value, readers) {
      const writer = schemaOf(value);
      const id = ++latest;
      for (const each of readers) codecOf.get(each)?.learn(id, JSON.stringify(writer));
      const frame = Buffer.alloc(5);
      frame.writeInt32BE(id, 1);
      // Unions are only in lists here, of null and numbers: avsc needs no wrapping for those.
      return Buffer.concat([frame, avro.Type.forSchema(writer as never).toBuffer(value)]);
    },
  };
}

const FORMATS: Readonly<Record<string, Format>> = {
  JSON: withRecords('json'),
  msgpack: withRecords('msgpack'),
  'Avro as it was written': avroWith(null),
  "Avro as the reader's schema says": avroWith(READER),
};

for (const [name, { readers, encode }] of Object.entries(FORMATS)) {
  test(`${name}: a record is refused, or every place of its row is written, by both readers alike`, (t) => {
    let [scored, refused] = [0, 0];
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 4 }), record, (inputs, given) => {
        const both = readers(inputs);
        const [general] = both;
        const rows = both.map(() => new Float32Array(3 * general.width));
        const key = Buffer.from('k');
        const read = (value: object, row: number): readonly unknown[] => {
          const bytes = encode(value, both);
          return both.map((reader, index) => {
            const into = (rows[index] as Float32Array).fill(Number.NaN);
            return reader.read(bytes, 0, bytes.length, into, row, 1_000, key);
          });
        };
        read(WHOLE, 1);
        const [expected, found] = read(present(given), 1);
        if (expected !== found) t.deepEqual(found, expected);
        if (expected !== null) {
          refused++;
          return;
        }
        scored++;
        const [wanted, got] = rows as [Float32Array, Float32Array];
        const { width } = general;
        const isRow = (feature: number, at: number): boolean =>
          Object.is(feature, wanted[at]) && Number.isNaN(feature) === (at < width || at >= 2 * width);
        t.true(got.every(isRow), `${got}, by the general reader ${wanted}`);
      }),
      runs(500),
    );
    t.true(scored > inRuns(100) && refused > inRuns(100), `${scored} scored, ${refused} refused`);
  });
}

test('a list with a default that an older writer did not have is a list of defaults, not what the record before held', (t) => {
  const inputs = [planInput.parse({ path: 'list', count: 3, default: -1 })];
  for (const { readers, encode } of Object.values(FORMATS)) {
    const both = readers(inputs);
    for (const reader of both) {
      const features = new Float32Array(3);
      for (const value of [WHOLE, { a: 1 }]) {
        const bytes = encode(value, both);
        t.is(reader.read(bytes, 0, bytes.length, features, 0, 0), null);
      }
      t.deepEqual([...features], [-1, -1, -1]);
    }
  }
});
