// The feature plan: the declared arithmetic, in double precision, rounded once; and words for what
// cannot be had.

import test from 'ava';
import fc from 'fast-check';
import { murmur3 } from '../../src/features/murmur3.ts';
import { compilePlan } from '../../src/features/plan.ts';
import type { Code } from '../../src/features/rejection.ts';
import { fieldsOf, planInput, type StatelessInput, widthOf } from '../../src/features/spec.ts';
import { timePart } from '../../src/features/time.ts';
import { fieldInput } from '../support/inputs.ts';

test('a row is ((log1p of) the field - mean) / std, in the order of the inputs', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      (a, b, std) => {
        const plan = compilePlan([
          fieldInput('a', { mean: 3, std }),
          fieldInput('deep.b', { log1p: true, mean: 1, std: 2 }),
        ]);
        const row = new Float32Array(4);
        t.is(plan.fill({ deep: { b }, other: 'x', a }, row, 1, 0), null);
        t.deepEqual([...row], [0, Math.fround((a - 3) / std), Math.fround((Math.log1p(b) - 1) / 2), 0]);
      },
    ),
  );
});

test('flags count as 0 and 1, big integers as numbers', (t) => {
  const row = new Float32Array(3);
  t.is(
    compilePlan([fieldInput('a'), fieldInput('b'), fieldInput('c')]).fill(
      { a: true, b: false, c: 12n },
      row,
      0,
      0,
    ),
    null,
  );
  t.deepEqual([...row], [1, 0, 12]);
});

const refusals: readonly (readonly [string, unknown, Code, RegExp])[] = [
  ['a missing field', {}, 'MISSING_FIELD', /"card\.amount" is missing/],
  ['a missing parent', { card: null }, 'MISSING_FIELD', /"card\.amount" is missing/],
  ['text', { card: { amount: '12.5' } }, 'NOT_A_NUMBER', /is the string "12\.5", expected a number/],
  ['null', { card: { amount: null } }, 'NOT_A_NUMBER', /is null/],
  ['a list', { card: { amount: [1] } }, 'NOT_A_NUMBER', /is a list/],
  ['NaN', { card: { amount: Number.NaN } }, 'NOT_FINITE', /is NaN/],
  ['infinity', { card: { amount: Number.POSITIVE_INFINITY } }, 'NOT_FINITE', /is Infinity/],
  ['what overflows float32', { card: { amount: 1e39 } }, 'OUT_OF_RANGE', /no finite value after scaling/],
  ['a number for a record', 7, 'NOT_A_MAP', /the value is the number 7/],
  ['nothing for a record', null, 'NOT_A_MAP', /the value is null/],
];

for (const [what, record, code, message] of refusals) {
  test(`${what} is refused with ${code}`, (t) => {
    const rejection = compilePlan([fieldInput('card.amount')]).fill(record, new Float32Array(1), 0, 0);
    t.is(rejection?.code, code);
    t.is(rejection?.stage, 'features');
    t.regex(rejection?.message ?? '', message);
  });
}

test('log1p of less than -1 has no value', (t) => {
  const rejection = compilePlan([fieldInput('a', { log1p: true })]).fill(
    { a: -2 },
    new Float32Array(1),
    0,
    0,
  );
  t.is(rejection?.code, 'OUT_OF_RANGE');
});

/** The columns of one input as model.yaml would say it, or the code of the refusal. */
function columns(said: object, record: unknown, timestampMs = 0): number[] | string {
  const given = planInput.parse(said) as StatelessInput;
  const row = new Float32Array(widthOf(given) + 1).fill(9);
  const rejection = compilePlan([given]).fill(record, row, 0, timestampMs);
  if (row.at(-1) !== 9) throw new Error('a column beyond its own was written');
  return rejection?.code ?? [...row.subarray(0, -1)];
}

test('a default stands for a field that is missing or null, and not for one that is wrong', (t) => {
  const said = { path: 'a', default: 5, mean: 1, std: 2 };
  t.deepEqual(columns(said, {}), [2]);
  t.deepEqual(columns(said, { a: null }), [2]);
  t.deepEqual(columns(said, { a: 3 }), [1]);
  t.is(columns(said, { a: 'x' }), 'NOT_A_NUMBER');
  t.deepEqual(fieldsOf(planInput.parse(said)), []);
});

test('min and max scale to 0 and 1', (t) => {
  const said = { path: 'a', min: -10, max: 30 };
  t.deepEqual(
    [-10, 10, 30].map((a) => columns(said, { a })),
    [[0], [0.5], [1]],
  );
});

test('a constant needs no field', (t) => {
  t.deepEqual(columns({ constant: 1.5 }, {}), [1.5]);
});

test('a difference of two fields is scaled like a field, and needs both', (t) => {
  const said = { path: 'a', minus: 'deep.b', std: 2 };
  t.deepEqual(columns(said, { a: 7, deep: { b: 3 } }), [2]);
  t.is(columns(said, { a: 7 }), 'MISSING_FIELD');
  t.is(columns(said, { a: 7, deep: { b: '3' } }), 'NOT_A_NUMBER');
  t.is(columns({ ...said, log1p: true }, { a: 1, deep: { b: 3 } }), 'OUT_OF_RANGE');
});

test('one-hot: a column for each value named, all zeros for another, text and numbers told apart', (t) => {
  const said = { path: 'a', oneOf: ['x', 7, true] };
  t.deepEqual(columns(said, { a: 'x' }), [1, 0, 0]);
  t.deepEqual(columns(said, { a: 7n }), [0, 1, 0]);
  t.deepEqual(columns(said, { a: true }), [0, 0, 1]);
  t.deepEqual(columns(said, { a: '7' }), [0, 0, 0]);
  t.deepEqual(columns(said, { a: null }), [0, 0, 0]);
  t.is(columns(said, {}), 'MISSING_FIELD');
  const large = { path: 'a', oneOf: ['1234567890123456789'] };
  t.deepEqual(columns(large, { a: 1234567890123456789n }), [1]);
  t.deepEqual(columns(large, { a: 1234567890123456788n }), [0]);
});

test('an integer past 2^53 is hashed by its digits, and is out of range where it has no float32', (t) => {
  const [first, second] = [1234567890123456788n, 1234567890123456789n].map((a) =>
    columns({ path: 'a', hash: { buckets: 1000 } }, { a }),
  );
  t.notDeepEqual(first, second);
  t.deepEqual(columns({ path: 'a' }, { a: 2n ** 60n }), [2 ** 60]);
  t.is(columns({ path: 'a' }, { a: 10n ** 40n }), 'OUT_OF_RANGE');
});

test('hashed: exactly one of the buckets, the same for the same text and seed, whatever was in the row before', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 2, max: 64 }),
      fc.nat(),
      (a, buckets, seed) => {
        const found = columns({ path: 'a', hash: { buckets, seed } }, { a }) as number[];
        t.is(found.indexOf(1), murmur3(Buffer.from(a), seed) % buckets);
        t.is(found.filter((value) => value === 0).length, buckets - 1);
      },
    ),
  );
  t.is(columns({ path: 'a', hash: { buckets: 4 } }, { a: [1] }), 'NOT_A_CATEGORY');
  t.is(columns({ path: 'a', hash: { buckets: 4 } }, { a: null }), 'NOT_A_CATEGORY');
});

test('murmur3 gives the published values', (t) => {
  const values: readonly (readonly [string, number, number])[] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['abc', 0, 0xb3dd93fa],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ];
  for (const [text, seed, hash] of values) t.is(murmur3(Buffer.from(text), seed), hash, text);
});

test('parts of a time are those of the calendar, at any distance from UTC', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 42), max: 2 ** 42 }),
      fc.integer({ min: -720, max: 720 }),
      (ms, offset) => {
        const date = new Date(ms + offset * 60_000);
        const hour =
          date.getUTCHours() + (date.getTime() - Math.floor(date.getTime() / 3.6e6) * 3.6e6) / 3.6e6;
        const weekday = (date.getUTCDay() + 6) % 7;
        t.true(Math.abs(timePart('hour', ms, offset) - hour) < 1e-9);
        t.is(timePart('weekday', ms, offset), weekday);
        t.is(timePart('isWeekend', ms, offset), weekday > 4 ? 1 : 0);
        t.is(timePart('isNight', ms, offset), date.getUTCHours() < 6 ? 1 : 0);
        t.is(timePart('monthDay', ms, offset), date.getUTCDate());
        t.is(timePart('month', ms, offset), date.getUTCMonth() + 1);
      },
    ),
  );
});

test("a time is the record's own, or that of a field, in milliseconds or seconds; a cycle is a sine and a cosine", (t) => {
  const noonMs = Date.UTC(2026, 0, 1, 12);
  t.deepEqual(columns({ time: 'hour' }, {}, noonMs), [12]);
  t.deepEqual(columns({ time: 'hour', path: 'at' }, { at: noonMs }), [12]);
  t.deepEqual(columns({ time: 'hour', path: 'at', unit: 's' }, { at: noonMs / 1_000 }), [12]);
  t.deepEqual(columns({ time: 'hour', offsetMinutes: -90 }, {}, noonMs), [10.5]);
  const [sine, cosine] = columns({ time: 'hour', cyclic: true }, {}, noonMs) as [number, number];
  t.true(Math.abs(sine) < 1e-6 && Math.abs(cosine + 1) < 1e-6);
  t.is(columns({ time: 'month', path: 'at' }, { at: 1e300 }), 'NOT_A_TIME');
  t.is(columns({ time: 'month', path: 'at' }, {}), 'MISSING_FIELD');
  for (const [unit, at] of [
    ['s', noonMs / 1e3],
    ['us', noonMs * 1e3],
    ['ns', BigInt(noonMs) * 1_000_000n],
  ] as const)
    t.deepEqual(columns({ time: 'hour', path: 'at', unit }, { at }), [12]);
});

const wrong: readonly (readonly [string, object, RegExp])[] = [
  ['min without max', { path: 'a', min: 1 }, /both min and max/],
  ['both scalings', { path: 'a', min: 1, max: 2, mean: 3 }, /not both/],
  ['max below min', { path: 'a', min: 2, max: 1 }, /max above min/],
  ['a value named twice', { path: 'a', oneOf: ['x', 'x'] }, /twice/],
  ['an integer that YAML rounds', { path: 'a', oneOf: [2 ** 60] }, /expected quotes/],
  ['a cycle of a flag', { time: 'isNight', cyclic: true }, /expected a time that has a cycle/],
  ['a key of another kind', { path: 'a', oneOf: ['x'], mean: 1 }, /expected a key that exists.* mean$/],
  ['a part that is none', { time: 'minute' }, /hour/],
  ['no kind at all', { mean: 1 }, /path|string/],
];
for (const [what, said, words] of wrong) {
  test(`an input with ${what} is refused, with words that say so`, (t) => {
    const { success, error } = planInput.safeParse(said);
    t.false(success);
    const told = error?.issues.map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
      return [issue.path.join('.'), issue.message, ...keys].join(' ');
    });
    t.regex(told?.join('; ') ?? '', words);
  });
}
