// Windows, held against a naive implementation that keeps every record for good: the same numbers
// for every record, whatever the order of the times; never anything of the future; and the same
// again from a later beginning.

import test from 'ava';
import fc from 'fast-check';
import { TIME_MS_MAX } from '../../src/features/time-unit.ts';
import type { Window } from '../../src/features/window-spec.ts';
import { WindowState } from '../../src/features/window-state.ts';
import {
  columnsOf,
  type Event,
  events,
  grace,
  holdAgainstNaive,
  options,
  ringLength,
  taken,
  windows,
} from '../support/naive-windows.ts';
import { runs } from '../support/runs.ts';

test('every window of every record is what a naive implementation that keeps everything says', (t) => {
  fc.assert(fc.property(windows, events, grace, holdAgainstNaive), runs(2_000));
  t.pass();
});

/** Steps by which the numbers of panes pass 2^32, and times up to the last that a date can have. */
const farEvents: fc.Arbitrary<Event[]> = fc
  .tuple(
    fc.constantFrom(-TIME_MS_MAX, -1e9, 0, 1.7e12, 2 ** 50),
    fc.array(
      fc.record({
        step: fc.oneof(
          fc.nat(60),
          fc.constantFrom(10, 25, 100).map((hopMs) => hopMs * 2 ** 32),
          fc.constantFrom(1e6, 1e10, 1e14, 2 * TIME_MS_MAX),
        ),
        back: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(400), fc.constantFrom(1e9, TIME_MS_MAX)),
        keys: fc.tuple(fc.nat(1), fc.nat(1)),
        values: fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 3 })),
      }),
      { minLength: 2, maxLength: 40 },
    ),
  )
  .map(([begin, steps]) => {
    const dated = (ms: number): number => Math.max(-TIME_MS_MAX, Math.min(TIME_MS_MAX, ms));
    let nowMs = begin;
    return steps.map(({ step, back, keys, values }) => {
      nowMs = dated(nowMs + step);
      return { timeMs: dated(nowMs - back), keys, values };
    });
  });

test('so it is for times of all magnitudes', (t) => {
  fc.assert(fc.property(windows, farEvents, grace, holdAgainstNaive), runs(2_000));
  t.pass();
});

test('what comes later changes nothing: no record knows the future', (t) => {
  fc.assert(
    fc.property(windows, events, grace, fc.nat(), (all, given, graceMs, cut) => {
      const some = given.slice(0, cut % given.length);
      const whole = taken(new WindowState(all, options(graceMs)), columnsOf(all), given);
      t.deepEqual(
        taken(new WindowState(all, options(graceMs)), columnsOf(all), some),
        whole.slice(0, some.length),
      );
    }),
  );
});

test('records of a later time than a record, within the grace, are not in its windows', (t) => {
  const all: Window[] = [
    { function: 'count', by: 'a', sizeMs: 100, hopMs: 100, panes: 1, delayMs: 0, empty: 0, bound: 1 },
  ];
  const at = (timeMs: number): Event => ({ timeMs, keys: [0, 0], values: [0, 0] });
  const state = new WindowState(all, options(60));
  t.deepEqual(taken(state, 1, [at(100), at(150), at(120), at(110), at(150)]), [[1], [2], [2], [2], [5]]);
  t.is(state.counts.late, 0);
  t.deepEqual(taken(state, 1, [at(300), at(230)]), [[1], [1]], 'and one behind the watermark is late');
  t.is(state.counts.late, 1);
  t.deepEqual(taken(state, 1, [at(301)]), [[2]], 'and in no window of another');
});

test('a state that begins before the longest window gives the same numbers, to the bit, as one that saw everything', (t) => {
  fc.assert(
    fc.property(windows, events, grace, fc.nat(), (all, given, graceMs, cut) => {
      const from = cut % given.length;
      const spanMs = Math.max(...all.map((each) => ringLength(each) * each.hopMs)) + graceMs;
      const liveMs = given[from]?.timeMs as number;
      // As the lane will: from the first offset of which nothing before is later than the longest
      // window before what is live.
      const begin = given.findIndex(({ timeMs }) => timeMs >= liveMs - spanMs - 400);
      const whole = taken(new WindowState(all, options(graceMs)), columnsOf(all), given);
      const latest = (until: number): number =>
        Math.max(...given.slice(0, until).map(({ timeMs }) => timeMs));
      // The watermark at the beginning must be known as well: it is when the latest so far comes
      // again.
      if (latest(begin + 1) > (given[begin]?.timeMs as number)) return;
      const part = taken(new WindowState(all, options(graceMs)), columnsOf(all), given.slice(begin));
      t.deepEqual(part.slice(from - begin), whole.slice(from));
    }),
    runs(1_000),
  );
});

test('with room for fewer keys than there are, the oldest are forgotten and counted, and the others stay right', (t) => {
  const all: Window[] = [
    { function: 'count', by: 'a', sizeMs: 1e6, hopMs: 1e6, panes: 1, delayMs: 0, empty: 0, bound: 1 },
  ];
  const state = new WindowState(all, options(0, { keysMax: 3 }));
  const of = (...keys: readonly number[]): Event[] =>
    keys.map((key, index) => ({ timeMs: 1_000 + index, keys: [key, 0], values: [0, 0] }));
  t.deepEqual(taken(state, 1, of(1, 2, 3, 1, 2, 3)), [[1], [1], [1], [2], [2], [2]]);
  t.deepEqual([state.keys, state.counts.forgotten], [3, 0]);
  t.deepEqual(
    taken(
      state,
      1,
      of(4).map((event) => ({ ...event, timeMs: 2_000 })),
    ),
    [[1]],
  );
  t.deepEqual([state.keys, state.counts.forgotten], [3, 1]);
  t.deepEqual(
    taken(
      state,
      1,
      of(2, 3).map((event) => ({ ...event, timeMs: 2_001 })),
    ),
    [[3], [3]],
  );
});

test('keys of which nothing is left in any window make room, and are not counted as forgotten', (t) => {
  const all: Window[] = [
    { function: 'count', by: 'a', sizeMs: 100, hopMs: 10, panes: 10, delayMs: 0, empty: 0, bound: 1 },
  ];
  const state = new WindowState(all, options(0, { keysMax: 50 }));
  for (let key = 0; key < 10_000; key++) {
    taken(state, 1, [{ timeMs: 1_000 + 10 * key, keys: [key, 0], values: [0, 0] }]);
  }
  t.is(state.counts.forgotten, 0);
  t.true(state.keys < 50);
});

test('with room for fewer records than wait, the earliest go early and are counted', (t) => {
  const all: Window[] = [
    { function: 'sum', by: 'a', of: 'x', sizeMs: 100, hopMs: 100, panes: 1, delayMs: 0, empty: 0, bound: 1 },
  ];
  const state = new WindowState(all, options(1e6, { pendingMax: 10 }));
  const given = Array.from({ length: 30 }, (_, index) => ({
    timeMs: 1_000 + index,
    keys: [0, 0],
    values: [1, 0],
  }));
  t.deepEqual(
    taken(state, 1, given).map(([sum]) => sum),
    given.map((_, index) => index + 1),
  );
  t.is(state.counts.hurried, 20);
});
