// Where a lane begins to read again: early enough, whatever the times in the log are, and not much
// earlier.

import test from 'ava';
import fc from 'fast-check';
import { startingAt } from '../../src/log/offset.ts';
import { beginningBefore, type TooLate } from '../../src/log/offset-before.ts';
import { runs } from '../support/runs.ts';

/** A log that starts at `start`: offsets count on from there. */
const logOf =
  (start: number, timesMs: readonly number[], asked: { count: number }) =>
  async (timestampMs: number): Promise<number> => {
    asked.count++;
    const at = timesMs.findIndex((time) => time >= timestampMs);
    return start + (at < 0 ? timesMs.length : at);
  };

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * What lies in the log: of some of it a state takes nothing; the time of what it takes lies near
 * the timestamp.
 */
const logs = fc
  .record({
    start: fc.nat(50),
    entries: fc.array(
      fc.record({
        timestampMs: fc.nat(5_000_000),
        taken: fc.boolean(),
        aside: fc.double({ min: -1, max: 1, noNaN: true }),
      }),
      { maxLength: 60 },
    ),
    at: fc.nat(120),
    reachMs: fc.oneof(fc.nat(3_000_000), fc.constant(Number.POSITIVE_INFINITY)),
    driftMs: fc.oneof(fc.constant(0), fc.nat(500_000), fc.constant(Number.POSITIVE_INFINITY)),
    nowMs: fc.nat(6_000_000),
  })
  .map(({ entries, ...rest }) => ({
    ...rest,
    entries: entries.map(({ timestampMs, taken, aside }) => ({
      timestampMs,
      timeMs: taken ? timestampMs + aside * Math.min(rest.driftMs, 1_000_000) : NEVER,
    })),
  }));

test('begun again until what was taken bears out what was assumed, a state has seen all within reach, whatever else lies in the log', async (t) => {
  await fc.assert(
    fc.asyncProperty(logs, async ({ start, entries, at, reachMs, driftMs, nowMs }) => {
      const position = startingAt(Math.min(at, start + entries.length));
      const asked = { count: 0 };
      const offsetAt = logOf(
        start,
        entries.map(({ timestampMs }) => timestampMs),
        asked,
      );
      const latestOf = (from: number): number =>
        Math.max(
          NEVER,
          ...entries
            .slice(Math.max(0, from - start), Math.max(0, position - start))
            .map(({ timeMs }) => timeMs),
        );
      let tooLate: TooLate | null = null;
      for (let attempts = 1; ; attempts++) {
        asked.count = 0;
        const { offset: began, assumedMs } = await beginningBefore(
          position,
          { ms: reachMs, driftMs },
          nowMs,
          offsetAt,
          tooLate,
        );
        t.true(asked.count < 60);
        t.true(began <= position);
        const latestMs = latestOf(began);
        if (latestMs < assumedMs) {
          t.true(tooLate === null || began < tooLate.began, 'each attempt begins earlier');
          t.true(attempts < 10);
          tooLate = { began, latestMs };
          continue;
        }
        const needed = latestOf(0) - reachMs;
        for (const [index, { timeMs }] of entries.slice(0, Math.max(0, began - start)).entries())
          t.true(
            timeMs < needed,
            `${start + index} of ${timeMs} is within ${reachMs} of the latest, ${latestOf(0)}`,
          );
        return;
      }
    }),
    runs(2_000),
  );
});

test('in a log in the order of time no more is read than the reach and an eighth of it', async (t) => {
  const timesMs = Array.from({ length: 100_000 }, (_, index) => 1_000 * index);
  const reach = { ms: 10_000_000, driftMs: 0 };
  const asked = { count: 0 };
  for (const position of [1, 10_000, 50_000, 100_000]) {
    const { offset: at } = await beginningBefore(
      startingAt(position),
      reach,
      120_000_000,
      logOf(0, timesMs, asked),
    );
    t.true(position - at <= 1 + (reach.ms * 9) / 8 / 1_000, `${position - at} offsets`);
  }
});

test('where nothing is taken at all the log is gone through in a few attempts, not a reach at a time', async (t) => {
  const timesMs = Array.from({ length: 100_000 }, (_, index) => 1_000 * index);
  const position = startingAt(100_000);
  let tooLate: TooLate | null = null;
  for (let attempts = 1; ; attempts++) {
    const { offset: at, assumedMs } = await beginningBefore(
      position,
      { ms: 10_000, driftMs: 0 },
      120_000_000,
      logOf(0, timesMs, { count: 0 }),
      tooLate,
    );
    if (assumedMs === NEVER) {
      t.is(at, 0);
      t.true(attempts < 16, `${attempts} attempts`);
      return;
    }
    tooLate = { began: at, latestMs: NEVER };
  }
});

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, index) => 1_000 * index);

test('a log that starts at the position, or behind it, or that is wanted whole, is asked once', async (t) => {
  for (const [start, position, ms, driftMs] of [
    [7, 7, 5_000, 0],
    [9, 7, 5_000, 0],
    [7, 50, Number.POSITIVE_INFINITY, 0],
    [7, 50, 5_000, Number.POSITIVE_INFINITY],
  ] as const) {
    const asked = { count: 0 };
    const began = await beginningBefore(
      startingAt(position),
      { ms, driftMs },
      200_000,
      logOf(start, inOrder(100), asked),
    );
    t.deepEqual(began, { offset: Math.min(start, position), assumedMs: NEVER });
    t.is(asked.count, 1);
  }
});

test('a log of records without a time is wanted whole', async (t) => {
  const asked = { count: 0 };
  const noTimes = Array.from({ length: 20 }, () => -1);
  const began = await beginningBefore(
    startingAt(15),
    { ms: 5_000, driftMs: 0 },
    2 ** 40,
    logOf(3, noTimes, asked),
  );
  t.deepEqual(began, { offset: 3, assumedMs: NEVER });
  t.true(asked.count < 60);
});

test('the nearer the latest time is to now, the fewer are the questions, and no time before 1970 is asked for', async (t) => {
  const nowMs = 2 ** 40;
  for (const [ageMs, most] of [
    [0, 4],
    [100_000, 20],
    [2 ** 39, 80],
  ] as const) {
    const timesMs = inOrder(1_000).map((time) => nowMs - ageMs - 1_000_000 + time);
    const questions: number[] = [];
    const ask = logOf(0, timesMs, { count: 0 });
    await beginningBefore(startingAt(1_000), { ms: 16_000, driftMs: 0 }, nowMs, (timeMs) => {
      questions.push(timeMs);
      return ask(timeMs);
    });
    t.true(questions.length <= most, `${questions.length} questions for an age of ${ageMs} ms`);
    t.true(questions.slice(1).every((timeMs) => timeMs >= 0));
  }
});

test('the time of what is taken may lie aside of its timestamp to either side: both are read for', async (t) => {
  const reach = { ms: 20_000, driftMs: 5_000 };
  const { offset, assumedMs } = await beginningBefore(
    startingAt(100),
    reach,
    99_500,
    logOf(0, inOrder(100), { count: 0 }),
  );
  // The latest timestamp is 99,000 to within a step of 1,875; what is taken may be of 5,000 less,
  // and begin 5,000 before its reach.
  const least = 99_500 - 2 * 1_875 - reach.driftMs;
  t.true(assumedMs >= least - 1 && assumedMs <= 99_000 - reach.driftMs, `${assumedMs}`);
  t.is(offset, Math.ceil((assumedMs - reach.ms - reach.driftMs) / 1_000));
});

test('after an attempt that took something, what it took says where to begin', async (t) => {
  const asked = { count: 0 };
  const began = await beginningBefore(
    startingAt(100),
    { ms: 20_000, driftMs: 1_000 },
    120_000,
    logOf(0, inOrder(100), asked),
    {
      began: 80,
      latestMs: 60_000,
    },
  );
  t.deepEqual(began, { offset: 39, assumedMs: 60_000 });
  t.is(asked.count, 2);
});
