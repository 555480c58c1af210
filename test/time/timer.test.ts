// Waits of any length come when they should, though no timer of Node may be asked for more than 25
// days.

import test from 'ava';
import fc from 'fast-check';
import { after, every, NODE_TIMER_MS_MAX, signalAfter } from '../../src/time/timer.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

/**
 * Runs with a clock that is moved by hand, and with timers that refuse what Node's would not wait
 * for.
 */
function inVirtualTime(run: (tick: (ms: number) => void) => void): void {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const waiting = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  let nowMs = 0;
  const startTimer = (callback: () => void, ms: number): object => {
    if (!(ms <= NODE_TIMER_MS_MAX)) throw new RangeError(`Node fires at once when asked to wait ${ms} ms`);
    const timer = {};
    waiting.set(timer, { atMs: nowMs + ms, callback });
    return timer;
  };
  Object.assign(globalThis, {
    setTimeout: startTimer,
    clearTimeout: (timer: object) => waiting.delete(timer),
  });
  try {
    run((ms) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = [...waiting].toSorted(([, one], [, other]) => one.atMs - other.atMs);
        if (next === undefined || next[1].atMs > untilMs) break;
        waiting.delete(next[0]);
        nowMs = next[1].atMs;
        next[1].callback();
      }
      nowMs = untilMs;
    });
  } finally {
    Object.assign(globalThis, real);
  }
}

test('a timer calls back after the time it was given, however long, and not before', (t) => {
  const spans = fc.oneof(
    fc.nat(10),
    fc.integer({ min: 1, max: YEAR_MS }),
    fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 600 * 3_600_000, 2_000 * 3_600_000),
  );
  fc.assert(
    fc.property(spans, (ms) => {
      inVirtualTime((tick) => {
        let called = 0;
        after(ms, () => called++);
        if (ms > 0) tick(ms - 1);
        t.is(called, 0);
        tick(1);
        t.is(called, 1);
        tick(YEAR_MS);
        t.is(called, 1);
      });
    }),
  );
});

test('one that was taken back never calls, nor does one without an end', (t) => {
  inVirtualTime((tick) => {
    let called = 0;
    const cancel = after(YEAR_MS, () => called++);
    after(Number.POSITIVE_INFINITY, () => called++);
    tick(YEAR_MS / 2);
    cancel();
    tick(YEAR_MS);
    t.is(called, 0);
  });
});

test('an interval of 2000 hours is one', (t) => {
  inVirtualTime((tick) => {
    let called = 0;
    const cancel = every(2_000 * 3_600_000, () => called++);
    for (let hours = 0; hours < 6_001; hours += 500) tick(500 * 3_600_000);
    t.is(called, 3);
    cancel();
    tick(YEAR_MS);
    t.is(called, 3);
  });
});

test('a signal takes any time: fractions, and more than Node can wait', (t) => {
  t.false(signalAfter(2 ** 31).aborted);
  t.false(signalAfter(1e15 + 0.5).aborted);
  t.false(signalAfter(60_000.5).aborted);
});
