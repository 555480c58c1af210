// The timer of the driver: whatever becomes of the time to wake, it wakes then, and never before.

import test from 'ava';
import fc from 'fast-check';
import { WakeTimer } from '../../src/engine/wake-timer.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** A clock that is moved by hand, and how often a timer was set on it. */
function world() {
  const timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  let [nowMs, sets] = [0, 0];
  let wakeMs = NEVER;
  const woken: number[] = [];
  const clock = {
    nowMs: () => nowMs,
    cpuMs: () => 0,
    setTimer: (atMs: number, callback: () => void) => {
      const id = sets++;
      timers.set(id, { atMs, callback });
      return () => void timers.delete(id);
    },
  };
  const timer = new WakeTimer(
    clock,
    () => wakeMs,
    () => {
      woken.push(nowMs);
      wakeMs = NEVER;
    },
  );
  return {
    woken,
    timer,
    sets: () => sets,
    open: () => timers.size,
    wakeAt: (ms: number) => {
      wakeMs = ms;
      timer.look();
    },
    to: (ms: number) => {
      for (;;) {
        const due = [...timers].filter(([, { atMs }]) => atMs <= ms).sort(([, a], [, b]) => a.atMs - b.atMs);
        const [next] = due;
        if (next === undefined) break;
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].atMs);
        next[1].callback();
      }
      nowMs = ms;
    },
  };
}

test('a time that moves on again and again sets no timer anew, and wakes once, when it has come', (t) => {
  const { wakeAt, to, sets, woken } = world();
  for (let ms = 0; ms < 100; ms++) {
    to(ms);
    wakeAt(ms + 1_000);
  }
  t.is(sets(), 1);
  to(5_000);
  t.deepEqual(woken, [1_099]);
});

test('an earlier time wakes earlier, and at the end nothing is left', (t) => {
  const { wakeAt, to, woken, timer, open } = world();
  wakeAt(1_000);
  wakeAt(10);
  to(20);
  t.deepEqual(woken, [10]);
  wakeAt(100);
  timer.end();
  t.is(open(), 0);
  to(200);
  t.deepEqual(woken, [10]);
});

test('it wakes at each time that has come, and at no other', (t) => {
  const moves = fc.array(fc.record({ pass: fc.nat(20), ahead: fc.option(fc.nat(30), { nil: NEVER }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(moves, (given) => {
      const { wakeAt, to, woken } = world();
      const wanted: number[] = [];
      let [nowMs, wakeMs] = [0, NEVER];
      const pass = (ms: number): void => {
        if (wakeMs <= nowMs + ms) {
          wanted.push(wakeMs);
          wakeMs = NEVER;
        }
        nowMs += ms;
        to(nowMs);
      };
      for (const each of given) {
        pass(each.pass);
        wakeMs = nowMs + each.ahead;
        wakeAt(wakeMs);
      }
      pass(100);
      t.deepEqual(woken, wanted);
    }),
  );
});
