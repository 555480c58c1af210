// Plans of every kind of input, windows among them, read from the bytes of a record and from a
// decoded object: the same features to the bit, the same refusals, and the same state behind them.

import test from 'ava';
import fc from 'fast-check';
import { codecs, type Format } from '../../src/codec/codecs.ts';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import type { WalkingReader } from '../../src/reading/walking-reader.ts';
import { inRuns, runs } from '../support/runs.ts';

const INPUTS = [
  { path: 'amount', log1p: true, mean: 2, std: 3 },
  { path: 'amount', default: 7 },
  { path: 'list', count: 3, mean: 1 },
  { path: 'list.2' },
  { constant: 4 },
  { path: 'amount', minus: 'card.limit' },
  { path: 'kind', oneOf: ['a', 'ä"', 3, true] },
  { path: 'kind', hash: { buckets: 5, seed: 2 } },
  { time: 'hour', path: 'at', cyclic: true },
  { time: 'isWeekend' },
  { window: { function: 'count', by: 'card.number', size: '1m' } },
  { window: { function: 'variance', by: 'card.number', of: 'amount', size: '10s' } },
  { window: { function: 'mean', of: 'list.1', size: '1m', delay: '5s' } },
  { window: { function: 'distinct', by: 'card.number', of: 'kind', size: '1m' } },
  { window: { function: 'timeSinceLast', by: 'kind', size: '1m', empty: -1 } },
].map((input) => planInput.parse(input));
/** The column of the count by card.number. */
const COUNT_AT = 20;
const STATE = stateSchema.parse({ time: 'at', grace: '3s' });
const IDS = ['id', 'card.number', 'kind'];

function pair(format: Format): readonly [InputReader, InputReader] {
  const raw = new UndecodedRecord(INPUTS, IDS);
  const plan = new StatefulPlan(INPUTS, STATE, null, raw);
  const parts = { inputs: INPUTS, plan, raw, idPaths: IDS, nestingMax: 64 };
  return [generalReader(codecs[format], new StatefulPlan(INPUTS, STATE), IDS), readerFor(format, parts)];
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }),
  fc.integer({ min: -10, max: 10 }),
  fc.constantFrom(0, -0, 0.1, 1e-7, 2 ** 53, 1e21),
);
const kind = fc.oneof(fc.constantFrom('a', 'ä"', 3, true, false, '', 'b\\', '3'), number);
const anything = fc.oneof(kind, fc.constant(null), fc.constant([]), fc.constant({ x: 1 }));
const often = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: usual, weight: 15 }, { arbitrary: anything, weight: 1 });
const record = fc.record(
  {
    id: fc.integer(),
    amount: often(number),
    list: often(fc.tuple(number, number, number)),
    at: fc.nat(60_000),
    kind: often(kind),
    card: often(fc.record({ number: often(fc.constantFrom(1, 2, 'x', 'ö')), limit: number, more: anything })),
    beside: anything,
  },
  { requiredKeys: ['id', 'at'] },
);
const records = fc.array(
  fc.record({
    value: fc.oneof(
      { arbitrary: record, weight: 20 },
      {
        arbitrary: fc.constant({
          amount: 1,
          list: [1, 2, 3],
          at: 5,
          kind: 'a',
          card: { number: 1, limit: 2 },
        }),
        weight: 5,
      },
      { arbitrary: anything, weight: 1 },
    ),
    key: fc.oneof(fc.constantFrom('k', 'l'), fc.constant(null)),
    timestampMs: fc.nat(1_000_000),
  }),
  { minLength: 1, maxLength: 30 },
);

for (const format of ['msgpack', 'json'] as const) {
  test(`${format}: a record that is only walked has the features, the ids and the refusals of one that is decoded`, (t) => {
    let [scored, walked] = [0, 0];
    fc.assert(
      fc.property(records, (given) => {
        const [general, compiled] = pair(format);
        const { width } = general;
        for (const [index, { value, key, timestampMs }] of given.entries()) {
          const row = index % 3;
          const bytes = Buffer.concat([
            Uint8Array.of(0x20),
            codecs[format].encode(value),
            Uint8Array.of(0x20),
          ]);
          const [expected, found] = [new Float32Array(width * 3), new Float32Array(width * 3)];
          const owner = key === null ? null : Buffer.from(key);
          const read = (reader: InputReader, into: Float32Array) =>
            reader.read(bytes, 1, bytes.length - 1, into, row, timestampMs, owner);
          const refusal = read(general, expected);
          t.deepEqual(read(compiled, found), refusal);
          if (refusal !== null) continue;
          scored++;
          if ((compiled as WalkingReader).isWalked(row)) walked++;
          t.deepEqual(found, expected);
          t.deepEqual(compiled.ids(row), general.ids(row));
        }
      }),
      runs(400),
    );
    t.true(scored > inRuns(100) && walked > scored / 2, `${scored} scored, ${walked} of them walked`);
  });
}

test('json: windows by two integers that one double stands for are the windows of two keys', (t) => {
  for (const around of ['', '\ufeff']) {
    for (const reader of pair('json')) {
      const features = new Float32Array(reader.width);
      const counts = [9007199254740992n, 9007199254740993n].map((number) => {
        const card = `{"number":${number},"limit":2}`;
        const bytes = Buffer.from(`${around}{"amount":1,"list":[1,2,3],"at":5,"kind":"a","card":${card}}`);
        t.is(reader.read(bytes, 0, bytes.length, features, 0, 5, Buffer.from('k')), null);
        return features[COUNT_AT];
      });
      t.deepEqual(counts, [1, 1]);
    }
  }
});
