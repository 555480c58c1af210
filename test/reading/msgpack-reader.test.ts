// The compiled reader against the general one, through msgpackr: same features to the bit, same
// ids, same refusals, for every kind of value, any order of keys, missing and repeated and unknown
// fields, and damage at every byte.

import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { codecs } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import type { FieldInput } from '../../src/features/spec.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import { generalReader } from '../../src/reading/input-reader.ts';
import { fieldInput } from '../support/inputs.ts';
import { inRuns, runs } from '../support/runs.ts';

const input = (path: string, more: Partial<FieldInput> = {}): FieldInput =>
  fieldInput(path, { mean: 0.5, std: 2, ...more });
const inputs = [
  input('a'),
  input('bb', { log1p: true }),
  input('ä'),
  input('a-name-that-is-longer-than-thirty-one-bytes'),
];
const ids = ['id', 'a', 'absent'];

const general = generalReader(codecs.msgpack, compilePlan(inputs), ids);
const compiled = compileReader('msgpack', inputs, ids);

/** Reads with both and holds one against the other. Returns whether the record was refused. */
function agree(t: import('ava').ExecutionContext, bytes: Uint8Array, row = 0): boolean {
  const around = Buffer.concat([Uint8Array.of(0xc0), bytes, Uint8Array.of(0xc0)]);
  const expected = new Float32Array(inputs.length * (row + 1));
  const found = new Float32Array(inputs.length * (row + 1));
  const refusal = general.read(around, 1, 1 + bytes.length, expected, row, 0);
  t.deepEqual(compiled.read(around, 1, 1 + bytes.length, found, row, 0), refusal);
  if (refusal !== null) return true;
  t.deepEqual(found, expected);
  t.deepEqual(compiled.ids(row), general.ids(row));
  return false;
}

const packers = [
  new Packr({ useRecords: false, variableMapSize: true }),
  new Packr({ useRecords: false, useFloat32: 1 }),
];
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.boolean(),
);
const anything: fc.Arbitrary<unknown> = fc.oneof(
  number,
  fc.string({ maxLength: 300 }),
  fc.constant(null),
  fc.double(),
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 20 }),
  fc.dictionary(fc.string(), fc.array(fc.boolean())),
);
const names = [...inputs.map(({ path }) => path), 'id', 'other', 'x'.repeat(40)];
const isPositive = (name: string, value: unknown): boolean => name !== 'bb' || Number(value) > -1;

test('records that can be scored give the same row and the same ids, in any order of keys', (t) => {
  let scored = 0;
  fc.assert(
    fc.property(
      fc.shuffledSubarray(names, { minLength: names.length }),
      fc.array(number, { minLength: names.length, maxLength: names.length }),
      fc.array(anything, { minLength: 3, maxLength: 3 }),
      fc.nat(packers.length - 1),
      fc.nat(3),
      (order, numbers, others, packer, row) => {
        const record = Object.fromEntries(
          order.map((name, index) => {
            const value = inputs.some(({ path }) => path === name) ? numbers[index] : others[index % 3];
            return [name, isPositive(name, value) ? value : 1];
          }),
        );
        if (!agree(t, packers[packer]?.pack(record) as Uint8Array, row)) scored++;
      },
    ),
    runs(500),
  );
  t.true(scored > inRuns(400), `${scored} were scored`);
});

test('records with anything for a field, or without it, are refused alike', (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names), anything),
      fc.nat(packers.length - 1),
      (record, packer) => {
        agree(t, packers[packer]?.pack(record) as Uint8Array);
      },
    ),
    runs(500),
  );
});

const whole = (): Record<string, unknown> =>
  Object.fromEntries(names.map((name, index) => [name, index + 0.5]));

test('a record cut off at any byte, or with any byte changed, is judged alike', (t) => {
  const bytes = packers[0]?.pack(whole()) as Uint8Array;
  for (let end = 1; end < bytes.length; end++) t.true(agree(t, bytes.subarray(0, end)), `${end} bytes`);
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [0x01, 0x10, 0x80, 0xff]) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] as number) ^ change;
      agree(t, damaged);
    }
  }
});

test('random bytes are judged alike', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
      agree(t, bytes);
    }),
    { ...runs(2_000), seed: 20_261_125 },
  );
});

test('of a field that stands twice the last one counts', (t) => {
  const parts = [['a', 1], ['a', 2], ...Object.entries(whole()).filter(([name]) => name !== 'a')] as const;
  const body = parts.flatMap(([name, value]) => [codecs.msgpack.encode(name), codecs.msgpack.encode(value)]);
  t.false(agree(t, Buffer.concat([Uint8Array.of(0x80 | parts.length), ...body])));
});

test('bytes after the record are refused', (t) => {
  t.true(agree(t, Buffer.concat([codecs.msgpack.encode(whole()), Uint8Array.of(1)])));
});

test('keys that are made up without end do not fill the memory', (t) => {
  for (let index = 0; index < 5_000; index++) {
    t.false(agree(t, codecs.msgpack.encode({ ...whole(), [`made-up-${index}`]: index })));
  }
});
