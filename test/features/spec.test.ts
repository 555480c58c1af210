// What model.yaml may say of inputs and windows: what it means, how many columns it is, what they
// are called, and what is refused in which words.

import test from 'ava';
import { type Only, onlyPlan, SKIPPED } from '../../src/features/only.ts';
import { compilePlan, OBJECT_FIELDS } from '../../src/features/plan.ts';
import { columnNames, fieldsOf, type PlanInput, planInput, widthOf } from '../../src/features/spec.ts';
import { MS_OF } from '../../src/features/time-unit.ts';
import { stateSchema, windowSchema } from '../../src/features/window-spec.ts';
import { fieldInput } from '../support/inputs.ts';

const parse = (said: unknown): PlanInput => planInput.parse(said);
/** What is wrong, in words. */
const words = (
  schema: {
    safeParse(said: unknown): {
      error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
    };
  },
  said: unknown,
): string => (schema.safeParse(said).error?.issues ?? []).map(({ message }) => message).join('; ');
const wrong = (said: unknown): string => words(planInput, said);

test('a number outside its bounds is refused with the bounds', (t) => {
  for (const [said, expected] of [
    [{ path: 'a', std: 0 }, 'expected a number above 0'],
    [{ path: 'a', count: 0 }, 'expected a whole number of at least 1'],
    [{ path: 'a', hash: { buckets: 1 } }, 'expected a whole number of at least 2'],
    [{ path: 'a', hash: { buckets: 8, seed: -1 } }, 'expected a whole number from 0 to 4294967295'],
    [{ time: 'hour', offsetMinutes: 2_000 }, 'expected a whole number from -1440 to 1440'],
  ] as const)
    t.is(wrong(said), expected);
});

test('every kind of input has its columns, their names, and the fields that it cannot do without', (t) => {
  const window = { function: 'sum', by: 'card', of: 'amount', size: '10m', delay: '90s' };
  for (const [said, names, fields] of [
    [{ path: 'a' }, ['a'], ['a']],
    [{ path: 'a', default: 0 }, ['a'], []],
    [{ path: 'a', count: 2 }, ['a.0', 'a.1'], ['a']],
    [{ constant: 2.5 }, ['constant 2.5'], []],
    [{ path: 'a', minus: 'b' }, ['a - b'], ['a', 'b']],
    [{ path: 'a', oneOf: ['x', 3, true] }, ['a = x', 'a = 3', 'a = true'], ['a']],
    [{ path: 'a', hash: { buckets: 3 } }, ['a # 0', 'a # 1', 'a # 2'], ['a']],
    [{ time: 'hour' }, ['hour'], []],
    [{ time: 'month', path: 'at', cyclic: true }, ['month sine', 'month cosine'], ['at']],
    [{ window }, ['sum(amount) by card over 10 min before 1.5 min'], ['card', 'amount']],
    [{ window: { function: 'count', size: '30s' } }, ['count() by key over 0.5 min'], []],
    [
      { window: { function: 'last', of: 'amount', count: 2 } },
      ['last(amount) by key, 1 before', 'last(amount) by key, 0 before'],
      ['amount'],
    ],
    [
      { window: { function: 'last', by: 'card', of: ['amount', 'hour'], count: 2 } },
      [
        'last(amount) by card, 1 before',
        'last(hour) by card, 1 before',
        'last(amount) by card, 0 before',
        'last(hour) by card, 0 before',
      ],
      ['card', 'amount', 'hour'],
    ],
  ] as const) {
    const input = parse(said);
    t.deepEqual(columnNames(input), [...names]);
    t.is(widthOf(input), names.length);
    t.deepEqual(fieldsOf(input), [...fields]);
  }
});

test('a scale is mean and std, or min and max: one of them is the other in other words', (t) => {
  t.like(parse({ path: 'a' }), { kind: 'field', log1p: false, mean: 0, std: 1 });
  t.like(parse({ path: 'a', mean: 3 }), { mean: 3, std: 1 });
  t.like(parse({ path: 'a', std: 2, log1p: true }), { mean: 0, std: 2, log1p: true });
  t.like(parse({ path: 'a', min: -10, max: 30 }), { mean: -10, std: 40 });
  t.like(parse({ path: 'a', minus: 'b', min: 0, max: 2 }), { kind: 'difference', mean: 0, std: 2 });
  t.like(parse({ window: { function: 'count', size: '1m' }, std: 7 }), { kind: 'window', mean: 0, std: 7 });
});

test('what cannot be meant is refused in words', (t) => {
  for (const [said, message] of [
    [{ path: 'a', min: 1 }, 'expected both min and max'],
    [{ path: 'a', max: 1 }, 'expected both min and max'],
    [{ path: 'a', min: 1, max: 2, mean: 0 }, 'expected mean and std, or min and max, not both'],
    [{ path: 'a', min: 1, max: 2, std: 1 }, 'expected mean and std, or min and max, not both'],
    [{ path: 'a', min: 2, max: 2 }, 'expected max above min, found 2 and 2'],
    [{ path: 'a', oneOf: [1, 'x', 1] }, 'expected each value of oneOf once, found 1 twice'],
    [
      { path: 'a', oneOf: [2 ** 53] },
      'expected quotes around an integer past 2^53, found oneOf with 9007199254740992',
    ],
    [
      { time: 'isNight', cyclic: true },
      'expected a time that has a cycle, found cyclic with isNight, which is a flag',
    ],
  ] as const)
    t.is(wrong(said), message);
  for (const said of [
    ...[
      null,
      7,
      'a',
      [],
      {},
      { path: '' },
      { path: 'a', std: 0 },
      { path: 'a', std: -1 },
      { path: 'a', count: 0 },
      { path: 'a', more: 1 },
    ],
    ...[
      { path: 'a', oneOf: [] },
      { path: 'a', hash: { buckets: 1 } },
      { path: 'a', hash: { buckets: 2, seed: -1 } },
      { time: 'year' },
    ],
    ...[
      { time: 'hour', offsetMinutes: 1_441 },
      { time: 'hour', unit: 'h' },
      { constant: 'x' },
      { window: {} },
      { path: 'a', minus: '' },
    ],
  ])
    t.not(wrong(said), '', JSON.stringify(said));
  t.is(wrong({ path: 'a', oneOf: [2 ** 53 - 1, 1.5, '9007199254740993'] }), '');
  t.is(wrong({ path: 'a', hash: { buckets: 2, seed: 0xffff_ffff } }), '');
});

test('a length of time is a number and its unit, of a century at most', (t) => {
  const sizeMs = (size: string): number => windowSchema.parse({ function: 'count', size }).sizeMs;
  t.deepEqual(
    ['500ms', '1.5s', '30s', '15m', '2h', '30d', '36525d'].map(sizeMs),
    [500, 1_500, 30_000, 900_000, 7_200_000, 2_592_000_000, 3_155_760_000_000],
  );
  for (const size of ['', '5', 's', '1.5', '-1s', '1w', ' 1s', '1s ', '0s', '36526d', '1ss'])
    t.is(
      words(windowSchema, { function: 'count', size }),
      `expected a length of time with its unit, such as 30s, 15m, 1h or 30d, at most 36525d, found "${size}"`,
    );
  t.is(windowSchema.parse({ function: 'count', size: '1s', delay: '0s' }).delayMs, 0);
});

test('a window slides in sixty panes, tumbles in one, and hops as it is told', (t) => {
  const panes = (said: object) => {
    const { hopMs, panes: count } = windowSchema.parse({ function: 'count', ...said });
    return [hopMs, count];
  };
  t.deepEqual(panes({ size: '1h' }), [60_000, 60]);
  t.deepEqual(panes({ size: '100ms' }), [2, 50]);
  t.deepEqual(panes({ size: '7ms' }), [1, 7]);
  t.deepEqual(panes({ size: '1h', hop: '10m' }), [600_000, 6]);
  t.deepEqual(panes({ kind: 'tumbling', size: '1h' }), [3_600_000, 1]);
  t.deepEqual(panes({ kind: 'hopping', size: '1h', hop: '30m' }), [1_800_000, 2]);
  t.deepEqual(panes({ size: '95ms' }), [2, 48], 'the last pane is not whole');
});

test('a window that cannot be kept is refused in words', (t) => {
  const count = { function: 'count', size: '1m' };
  const last = { function: 'last', of: 'a', count: 3 };
  for (const [said, message] of [
    [{ ...count, function: 'sum' }, 'expected "of", a field, for sum, found none'],
    [{ ...count, of: 'a' }, 'expected no "of", as count looks at no field, found "a"'],
    [{ ...count, function: 'rate', of: 'a' }, 'expected no "of", as rate looks at no field, found "a"'],
    [
      { ...count, function: 'timeSinceLast', of: 'a' },
      'expected no "of", as timeSinceLast looks at no field, found "a"',
    ],
    [{ ...count, kind: 'tumbling', hop: '30s' }, 'expected no hop, as the window is tumbling, found one'],
    [{ ...count, kind: 'hopping' }, 'expected a hop, as the window is hopping, found none'],
    [{ ...count, hop: '7s' }, 'expected a hop that divides the size, found 7000 and 60000 ms'],
    [{ function: 'count', size: '4097s', hop: '1s' }, 'expected at most 4096 panes, found 4097'],
    [
      { function: 'count' },
      'expected a length of time with its unit, such as 30s, 15m, 1h or 30d, at most 36525d, found nothing',
    ],
    [{ ...count, count: 3 }, 'expected no count, as count gives one value, found one'],
    [{ ...count, function: 'sum', of: ['a', 'b'] }, 'expected one field as "of" for sum, found a list'],
    [{ function: 'last', count: 3 }, 'expected "of", a field or a list of fields, for last, found none'],
    [{ function: 'last', of: 'a' }, 'expected "count", how many values, for last, found none'],
    [{ ...last, hop: '1s' }, 'expected no hop, as last counts values, found one'],
    [{ ...last, delay: '1s' }, 'expected no delay, as last counts values, found one'],
    [{ ...last, of: ['a', 'b', 'a'] }, 'expected each field of "of" once, found one twice'],
    [
      { ...count, hop: '1s', delay: '65477s' },
      'expected at most 65536 panes in the size and the delay, found 65537',
    ],
  ] as const)
    t.is(words(windowSchema, said), message);
  for (const name of ['sum', 'mean', 'variance', 'min', 'max', 'distinct'])
    t.is(words(windowSchema, { ...count, function: name, of: 'a' }), '', name);
  t.is(words(windowSchema, last), '');
  t.like(
    windowSchema.parse(last),
    { sizeMs: 30 * 86_400_000 },
    'as far back as it looks unless told otherwise',
  );
  t.is(words(windowSchema, { function: 'count', size: '4096s', hop: '1s' }), '');
  t.is(words(windowSchema, { ...count, hop: '1s', delay: '65476s' }), '');
});

test('what the state is by itself, and what may be said of it', (t) => {
  t.deepEqual(stateSchema.parse({}), {
    ...{ time: undefined, unit: 'ms', driftMs: 0, aheadMs: 86_400_000, graceMs: 0 },
    ...{ keysMax: 1_000_000, pendingMax: 1_000_000, partitioning: 'checked' },
  });
  t.like(stateSchema.parse({ time: 'at' }), { time: 'at', driftMs: undefined });
  t.like(stateSchema.parse({ time: 'at', drift: '5s' }), { driftMs: 5_000 });
  t.like(stateSchema.parse({ drift: '5s' }), { driftMs: 0 }, 'a timestamp is its own time');
  t.like(stateSchema.parse({ ahead: 'unbounded', grace: '3s' }), { aheadMs: undefined, graceMs: 3_000 });
  t.like(stateSchema.parse({ ahead: '1h', keys: 5, pending: 6 }), {
    aheadMs: 3_600_000,
    keysMax: 5,
    pendingMax: 6,
  });
  for (const said of [
    { keys: 0 },
    { pending: 0 },
    { ahead: 'never' },
    { unit: 'm' },
    { partitioning: 'no' },
    { more: 1 },
  ])
    t.false(stateSchema.safeParse(said).success);
});

test('a time may be said in any unit', (t) => {
  t.deepEqual([MS_OF.s(2), MS_OF.ms(2), MS_OF.us(2_500), MS_OF.ns(2_500_000)], [2_000, 2, 2.5, 2.5]);
});

test('only records with wanted values are looked at; the plan says what is wrong with what is no map', (t) => {
  const plan = compilePlan([fieldInput('a')]);
  const fill = (only: Only, record: unknown) => {
    const row = new Float32Array(3).fill(7);
    const rejection = onlyPlan(plan, only, OBJECT_FIELDS).fill(record, row, 1, 0);
    return rejection === SKIPPED ? 'skipped' : (rejection?.code ?? [...row]);
  };
  t.is(onlyPlan(plan, {}, OBJECT_FIELDS), plan);
  const only: Only = { kind: ['x', 3, true, null], 'in.b': ['y'] };
  for (const kind of ['x', 3, '3', 3n, true, 'true', null])
    t.deepEqual(fill(only, { a: 1, kind, in: { b: 'y' } }), [7, 1, 7]);
  for (const kind of ['z', 4, false, undefined, {}, ['x'], 'null'])
    t.is(fill(only, { a: 1, kind, in: { b: 'y' } }), 'skipped');
  t.is(fill(only, { a: 1, kind: 'x', in: {} }), 'skipped');
  t.is(fill(only, { a: 1, kind: 'x' }), 'skipped');
  t.is(fill(only, { kind: 'x', in: { b: 'y' } }), 'MISSING_FIELD');
  for (const record of [null, [], 'x', 7]) t.is(fill(only, record), 'NOT_A_MAP');
  t.like(onlyPlan(plan, only, OBJECT_FIELDS), { width: 1, wantsKey: false });
});
