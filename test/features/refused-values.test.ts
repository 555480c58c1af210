// What a plan makes of values that are not as they should be: which code, which words, and what has
// happened to the windows by then.

import test from 'ava';
import { compilePlan } from '../../src/features/plan.ts';
import { describe } from '../../src/features/refusals.ts';
import { type PlanInput, planInput, type StatelessInput } from '../../src/features/spec.ts';
import { type Owns, StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';

/**
 * The row of inputs as model.yaml says them, with a column that must be left alone on either side;
 * or the refusal.
 */
function filled(inputs: readonly object[], record: unknown, timestampMs = 0): readonly number[] | string {
  const plan = compilePlan(inputs.map((said) => planInput.parse(said)) as StatelessInput[]);
  const row = new Float32Array(plan.width + 2).fill(7);
  const rejection = plan.fill(record, row, 1, timestampMs);
  if (row[0] !== 7 || row.at(-1) !== 7) throw new Error('a column beyond its own was written');
  return rejection === null ? [...row.subarray(1, -1)] : `${rejection.code}: ${rejection.message}`;
}

test('a list has exactly so many numbers, each scaled; a default stands for a list or a number that is not there', (t) => {
  const list = { path: 'l', count: 3, mean: 1 };
  t.deepEqual(filled([list, { path: 'a' }], { l: [1, 2n, true], a: 5 }), [0, 1, 0, 5]);
  t.is(filled([list], {}), 'MISSING_FIELD: field "l" is missing');
  t.is(filled([list], { l: null }), 'WRONG_SHAPE: field "l" is null, expected a list of 3 numbers');
  t.is(
    filled([list], { l: 'abc' }),
    'WRONG_SHAPE: field "l" is the string "abc", expected a list of 3 numbers',
  );
  t.is(filled([list], { l: { 0: 1 } }), 'WRONG_SHAPE: field "l" is a map, expected a list of 3 numbers');
  t.is(filled([list], { l: [1, 2] }), 'WRONG_SHAPE: field "l" has 2 numbers, expected 3');
  t.is(filled([list], { l: [1, 2, 3, 4] }), 'WRONG_SHAPE: field "l" has 4 numbers, expected 3');
  t.is(filled([list], { l: [1, null, 3] }), 'NOT_A_NUMBER: field "l.1" is null, expected a number');
  t.is(
    filled([list], { l: [1, 2, 1e39] }),
    'OUT_OF_RANGE: field "l.2" is 1e+39, which has no finite value after scaling',
  );
  const withDefault = { ...list, default: 5 };
  for (const missing of [{}, { l: null }])
    t.deepEqual(filled([withDefault, { path: 'a' }], { ...missing, a: 9 }), [4, 4, 4, 9]);
  t.deepEqual(filled([withDefault], { l: [1, null, 3] }), [0, 4, 2]);
  t.is(
    filled([withDefault], { l: [1, 'x', 3] }),
    'NOT_A_NUMBER: field "l.1" is the string "x", expected a number',
  );
  t.is(
    filled([{ ...list, default: 1e39 }], {}),
    'OUT_OF_RANGE: field "l" is 1e+39, which has no finite value after scaling',
  );
});

test('a default and a difference may have no float32 either', (t) => {
  t.is(
    filled([{ path: 'a', default: 1e39 }], {}),
    'OUT_OF_RANGE: field "a" is 1e+39, which has no finite value after scaling',
  );
  const difference = [{ path: 'a', minus: 'b' }];
  t.deepEqual(filled(difference, { a: 5n, b: true }), [4]);
  t.is(
    filled(difference, { a: 1e39, b: 0 }),
    'OUT_OF_RANGE: field "a - b" is 1e+39, which has no finite value after scaling',
  );
  t.is(filled(difference, { b: 'x' }), 'MISSING_FIELD: field "a" is missing');
  t.is(filled(difference, { a: 1, b: 'x' }), 'NOT_A_NUMBER: field "b" is the string "x", expected a number');
  t.is(filled(difference, { a: 1, b: Number.NaN }), 'NOT_FINITE: field "b" is NaN, expected a finite number');
});

test('one-hot takes any value but a missing one, and large integers by their digits', (t) => {
  const oneHot = [{ path: 'k', oneOf: ['x', 3, '9007199254740993', true] }, { path: 'a' }];
  const columns = (k: unknown) => filled(oneHot, { k, a: 5 });
  t.deepEqual(columns('x'), [1, 0, 0, 0, 5]);
  t.deepEqual(columns(3), [0, 1, 0, 0, 5]);
  t.deepEqual(columns(3n), [0, 1, 0, 0, 5]);
  t.deepEqual(columns(9007199254740993n), [0, 0, 1, 0, 5]);
  t.deepEqual(columns(true), [0, 0, 0, 1, 5]);
  for (const other of [null, 'y', [], '3']) t.deepEqual(columns(other), [0, 0, 0, 0, 5]);
  t.is(columns(undefined), 'MISSING_FIELD: field "k" is missing');
});

test('what is hashed is text, a number or a flag', (t) => {
  const hashed = [{ path: 'k', hash: { buckets: 4 } }];
  for (const k of ['x', 3, 3n, true, ''])
    t.deepEqual([...(filled(hashed, { k }) as number[])].sort(), [0, 0, 0, 1]);
  t.deepEqual(filled(hashed, { k: 3 }), filled(hashed, { k: '3' }));
  t.is(filled(hashed, {}), 'MISSING_FIELD: field "k" is missing');
  t.is(filled(hashed, { k: null }), 'NOT_A_CATEGORY: field "k" is null, expected text, a number or a flag');
  t.is(filled(hashed, { k: [1] }), 'NOT_A_CATEGORY: field "k" is a list, expected text, a number or a flag');
});

test('a time is one that a date can have, in the unit of its field; a timestamp is in milliseconds', (t) => {
  const hour = { time: 'hour' };
  t.deepEqual(filled([{ ...hour, unit: 's' }], {}, 3_600_000), [1], 'the unit is of the field');
  t.deepEqual(filled([{ ...hour, path: 'at', unit: 's' }], { at: 7_200 }), [2]);
  t.deepEqual(filled([{ ...hour, path: 'at' }], { at: 8.64e15 }), [0]);
  t.is(
    filled([{ ...hour, path: 'at', unit: 's' }], { at: -8.64e12 - 1 }),
    'NOT_A_TIME: field "at" is -8640000000001, expected a time in s since 1970: no date is so far from it',
  );
  t.is(
    filled([hour], {}, 8.64e15 + 2),
    "NOT_A_TIME: the record's timestamp is 8640000000000002, expected a time in ms since 1970: no date is so far from it",
  );
  t.is(
    filled([{ ...hour, path: 'at' }], { at: 'noon' }),
    'NOT_A_NUMBER: field "at" is the string "noon", expected a number',
  );
  const isNight = (timestampMs: number) => filled([{ time: 'isNight' }], {}, timestampMs);
  t.deepEqual([isNight(0), isNight(6 * 3_600_000 - 1), isNight(6 * 3_600_000)], [[1], [1], [0]]);
  const [sine, cosine] = filled([{ ...hour, cyclic: true }], {}, 6 * 3_600_000) as number[];
  t.deepEqual([sine, Math.abs(cosine as number) < 1e-6], [1, true]);
});

test('values are shown in few words', (t) => {
  for (const [value, words] of [
    [null, 'null'],
    ['x'.repeat(41), `the string "${'x'.repeat(40)}"`],
    ['"', 'the string "\\""'],
    [[], 'a list'],
    [Uint8Array.of(1, 2), 'bytes, 2 of them'],
    [{}, 'a map'],
    [7, 'the number 7'],
    [7n, 'the number 7'],
    [true, 'the boolean true'],
  ] as const)
    t.is(describe(value), words);
});

const window = (said: object) => ({ window: { size: '1h', ...said } });

/** A plan with windows; each answer is the row, or the code of the refusal and its words. */
function windowsOf(inputs: readonly object[], state: object = {}, owns: Owns | null = null) {
  const plan = new StatefulPlan(
    inputs.map((said): PlanInput => planInput.parse(said)),
    stateSchema.parse(state),
    owns,
  );
  return {
    plan,
    fill: (record: unknown, key: string | null = 'k', timestampMs = 1_000) => {
      const row = new Float32Array(plan.width + 2).fill(7);
      const rejection = plan.fill(record, row, 1, timestampMs, key === null ? null : Buffer.from(key));
      if (row[0] !== 7 || row.at(-1) !== 7) throw new Error('a column beyond its own was written');
      return rejection === null ? [...row.subarray(1, -1)] : `${rejection.code}: ${rejection.message}`;
    },
  };
}

test('columns of windows and of fields stand in the order in which they are said', (t) => {
  const { plan, fill } = windowsOf([
    { path: 'l', count: 2 },
    window({ function: 'count', by: 'c' }),
    { path: 'a' },
    { ...window({ function: 'sum', of: 'a' }), mean: 1, std: 2 },
  ]);
  t.is(plan.width, 5);
  t.deepEqual(fill({ l: [1, 2], a: 5, c: 'x' }), [1, 2, 1, 5, 2]);
  t.deepEqual(fill({ l: [1, 2], a: 3, c: 'x' }), [1, 2, 2, 3, 3.5]);
});

test('a record that is refused is in no window', (t) => {
  const { fill } = windowsOf([
    { path: 'a' },
    window({ function: 'count', by: 'c' }),
    window({ function: 'sum', of: 's' }),
  ]);
  const good = { a: 1, c: 'x', s: 2 };
  t.deepEqual(fill(good), [1, 1, 2]);
  t.is(fill({ ...good, a: 'x' }), 'NOT_A_NUMBER: field "a" is the string "x", expected a number');
  t.is(fill(7), 'NOT_A_MAP: the value is the number 7, expected a map of fields');
  t.is(fill({ ...good, c: undefined }), 'MISSING_FIELD: field "c" is missing');
  for (const [c, shown] of [
    [null, 'null'],
    [[], 'a list'],
    [Number.NaN, 'the number NaN'],
    [Number.POSITIVE_INFINITY, 'the number Infinity'],
  ] as const)
    t.is(fill({ ...good, c }), `NOT_A_KEY: field "c" is ${shown}, expected text, a finite number or a flag`);
  t.is(fill(good, null), 'NO_KEY: the record has no key, by which its windows are kept');
  t.is(fill({ ...good, s: 'x' }), 'NOT_A_NUMBER: field "s" is the string "x", expected a number');
  t.is(fill({ ...good, s: null }), 'NOT_A_NUMBER: field "s" is null, expected a number');
  t.is(fill({ ...good, s: Number.NaN }), 'NOT_FINITE: field "s" is NaN, expected a finite number');
  t.deepEqual(fill(good), [1, 2, 4]);
});

test('with windows alone, what is no map is refused too', (t) => {
  for (const record of [null, [], 'x', 7])
    t.regex(windowsOf([window({ function: 'count' })]).fill(record) as string, /^NOT_A_MAP/);
});

test('what is counted may be text, what is summed may not; flags and large integers are numbers', (t) => {
  const { fill } = windowsOf([
    window({ function: 'distinct', of: 'd' }),
    window({ function: 'max', of: 'm' }),
  ]);
  t.deepEqual(fill({ d: 'x', m: true }), [1, 1]);
  t.deepEqual(fill({ d: 'y', m: 5n }), [2, 5]);
  t.deepEqual(fill({ d: 'x', m: 2 }), [2, 5]);
  t.deepEqual(fill({ d: Number.NaN, m: 2 }), [3, 5]);
  t.regex(fill({ d: [], m: 2 }) as string, /^NOT_A_NUMBER: field "d" is a list/);
  t.regex(fill({ m: 2 }) as string, /^MISSING_FIELD: field "d"/);
  t.regex(fill({ d: null, m: 2 }) as string, /^NOT_A_NUMBER: field "d" is null/);
  const both = windowsOf([window({ function: 'distinct', of: 'd' }), window({ function: 'sum', of: 'd' })]);
  t.regex(both.fill({ d: 'x' }) as string, /^NOT_A_NUMBER/);
  t.deepEqual(both.fill({ d: 4 }), [1, 4]);
});

test('the value of a window that has no float32 is refused; the record is in the windows all the same', (t) => {
  const { fill } = windowsOf([window({ function: 'sum', of: 'a' }), window({ function: 'count' })]);
  t.regex(fill({ a: 1e39 }) as string, /^OUT_OF_RANGE: field "sum"/);
  t.deepEqual(fill({ a: -1e39 }), [0, 2]);
});

test('the key is asked for where windows are kept by it, or fields are held against it', (t) => {
  const by = [window({ function: 'count', by: 'c' })];
  const owns = () => true;
  t.false(windowsOf(by).plan.wantsKey);
  t.true(windowsOf(by, {}, owns).plan.wantsKey);
  t.false(windowsOf(by, { partitioning: 'trusted' }, owns).plan.wantsKey);
  t.true(windowsOf([window({ function: 'count' })]).plan.wantsKey);
  const seen: unknown[] = [];
  const { fill } = windowsOf(by, {}, (text, value, key) => {
    seen.push([String(Buffer.from(text)), value, key === null ? null : String(Buffer.from(key))]);
    return value === 7;
  });
  t.deepEqual(fill({ c: 7 }), [1]);
  t.regex(
    fill({ c: 8 }, null) as string,
    /^NOT_COPARTITIONED: windows are kept by field "c", which is the number 8,/,
  );
  t.deepEqual(seen, [
    ['7', 7, 'k'],
    ['8', 8, null],
  ]);
});

test('how far back a record matters is what its windows reach, and how far its time may be astray', (t) => {
  const { plan } = windowsOf([window({ function: 'count', size: '1m', hop: '10s' })], { grace: '5s' });
  t.deepEqual(plan.reach, { ms: 5_000 + 8 * 10_000, driftMs: 0 });
  t.is(
    windowsOf([window({ function: 'count' })], { time: 'at' }).plan.reach.driftMs,
    Number.POSITIVE_INFINITY,
  );
  t.is(windowsOf([window({ function: 'count' })], { time: 'at', drift: '3s' }).plan.reach.driftMs, 3_000);
});

test('the clock is looked at when a record is later than it allowed before, not for each', (t) => {
  let looks = 0;
  const inputs = [planInput.parse(window({ function: 'count' }))];
  const plan = new StatefulPlan(inputs, stateSchema.parse({ ahead: '1m' }), null, undefined, () => {
    looks++;
    return 1_000_000;
  });
  const at = (timestampMs: number) =>
    plan.fill({}, new Float32Array(1), 0, timestampMs, Buffer.from('k'))?.code ?? null;
  t.is(at(900_000), null);
  t.is(at(1_060_000), null);
  t.is(looks, 1);
  t.is(at(1_060_001), 'TIME_AHEAD');
  t.is(looks, 2);
  t.is(plan.counts.ahead, 1);
});

test('a record that goes into the windows half way breaks them, and that is said with its cause', (t) => {
  const { plan, fill } = windowsOf([window({ function: 'count' })]);
  const cause = new RangeError('no such place');
  plan.state.observe = () => {
    throw cause;
  };
  const error = t.throws(() => fill({}), {
    code: 'SCORELANE_STATE_BROKEN',
    message: 'a record of 1000 ms breaks the windows: no such place',
  });
  t.is(error?.cause, cause);
});
