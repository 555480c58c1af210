// A peek: what the windows of a record would be if it came next, told without taking it. It is what
// they are when the record does come next, to the bit, and nothing of the state is another after
// it.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Archive, Numbers } from '../../src/features/archive.ts';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { type StateOptions, stateSchema, type Window } from '../../src/features/window-spec.ts';
import { WindowState } from '../../src/features/window-state.ts';
import {
  BUSY_GRACE_MS,
  busyEvents,
  columnsOf,
  type Event,
  events,
  grace,
  options,
  taken,
  windows,
} from '../support/naive-windows.ts';
import { runs } from '../support/runs.ts';

/** All that a state holds, the unused part of its arrays too. */
function bitsOf(state: WindowState): Buffer {
  const parts: Buffer[] = [];
  const keep = (numbers: Numbers): void => {
    parts.push(Buffer.from(numbers.slice().buffer));
  };
  const list = (values: readonly number[]): number[] => {
    keep(Float64Array.from(values));
    return [...values];
  };
  state.saveOrRestore({
    numbers: list,
    list,
    array: (array) => {
      keep(array);
      return array;
    },
  } satisfies Archive);
  return Buffer.concat(parts);
}

const isSame = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((value, index) => Object.is(value, right[index]));

/** Peeks at each record before it is taken, and at another one that never comes. */
function holds(t: ExecutionContext, all: readonly Window[], given: readonly Event[], of: StateOptions): void {
  const state = new WindowState(all, of);
  const columns = columnsOf(all);
  given.forEach((event, index) => {
    const other = given[(index * 7 + 3) % given.length] as Event;
    const [before, counts] = [bitsOf(state), state.counts];
    const [, peeked] = taken(state, columns, [other, event], 'peek');
    if (!bitsOf(state).equals(before)) t.fail('a peek changed the state');
    if (JSON.stringify(state.counts) !== JSON.stringify(counts)) t.fail('a peek was counted');
    const [wanted] = taken(state, columns, [event]);
    if (!isSame(peeked ?? [], wanted ?? []))
      t.fail(`record ${index}: ${peeked?.join()}, expected ${wanted?.join()}`);
  });
}

test('a peek says what the windows are when the record comes next, and changes nothing', (t) => {
  const bounds = fc.constantFrom({}, { keysMax: 2 }, { pendingMax: 3 }, { keysMax: 1, pendingMax: 1 });
  fc.assert(
    fc.property(windows, events, grace, bounds, (all, given, graceMs, more) =>
      holds(t, all, given, options(graceMs, more) as StateOptions),
    ),
    runs(500),
  );
  t.pass();
});

test('so it is for keys of which much waits', (t) => {
  fc.assert(
    fc.property(windows, busyEvents, (all, given) =>
      holds(t, all, given.slice(0, 250), options(BUSY_GRACE_MS) as StateOptions),
    ),
    runs(25),
  );
  t.pass();
});

const INPUTS = [
  { path: 'amount' },
  { window: { function: 'sum', by: 'customer', of: 'amount', size: '1d' } },
  { window: { function: 'count', size: '1d' } },
].map((input) => planInput.parse(input));
const NOW_MS = Date.UTC(2026, 0, 2);

test('a plan refuses by a peek what it refuses in the stream, in the same words, and counts nothing', (t) => {
  const state = stateSchema.parse({ time: 'at', grace: '1h', ahead: '1h', drift: '1d' });
  const plan = new StatefulPlan(INPUTS, state, null, undefined, () => NOW_MS);
  const row = new Float32Array(plan.width);
  const key = Buffer.from('k');
  plan.fill({ amount: 3, customer: 'a', at: NOW_MS }, row, 0, NOW_MS, key);
  const before = bitsOf(plan.state);
  for (const [record, givenKey] of [
    [{ amount: 1, customer: 'a', at: NOW_MS + 7_200_000 }, key],
    [{ amount: 1, customer: 'a', at: NOW_MS - 172_800_000 }, key],
    [{ amount: 1, customer: 'a', at: 'no' }, key],
    [{ amount: 1, customer: {}, at: NOW_MS }, key],
    [{ amount: 'x', customer: 'a', at: NOW_MS }, key],
    [{ amount: 1, customer: 'a', at: NOW_MS }, null],
    ['text', key],
  ] as const) {
    const { counts } = plan;
    const refused = plan.peek(record, row, 0, NOW_MS, givenKey);
    t.truthy(refused);
    t.deepEqual(plan.counts, counts);
    t.true(bitsOf(plan.state).equals(before));
    t.deepEqual(plan.fill(record, row, 0, NOW_MS, givenKey), refused);
  }
  t.is(plan.counts.ahead, 1);
});

test('a late record is peeked at as it is scored: with what surely came before it', (t) => {
  const plan = new StatefulPlan(INPUTS, stateSchema.parse({ time: 'at' }), null, undefined, () => NOW_MS);
  const row = new Float32Array(plan.width);
  const key = Buffer.from('k');
  const day = 86_400_000;
  for (const at of [NOW_MS - 3 * day, NOW_MS]) plan.fill({ amount: 3, customer: 'a', at }, row, 0, at, key);
  const late = { amount: 1, customer: 'a', at: NOW_MS - 2 * day };
  t.is(plan.peek(late, row, 0, late.at, key), null);
  t.is(plan.counts.late, 0);
  const peeked = [...row];
  t.is(plan.fill(late, row, 0, late.at, key), null);
  t.deepEqual(peeked, [...row]);
  t.is(plan.counts.late, 1);
});
