// One timer watches all tasks of a thread: it is set for the first of them, and again when it has
// fired or would be too late. A task that takes too long is told of at its deadline. While the
// process stands still the deadline does.

import test from 'ava';
import { TaskDeadline } from '../../src/pool/task-deadline.ts';

/** A deadline on a clock that only the test moves, with one timer at a time. */
function onVirtualClock() {
  const clock = { nowMs: 0, cpuMs: 0, waitedMs: 0, timersSet: 0 };
  const passed: (readonly [number, number])[] = [];
  let timer: { readonly atMs: number; readonly callback: () => void } | null = null;
  const deadline = new TaskDeadline(
    { waitedMs: () => clock.waitedMs, onPassed: (ms) => passed.push([ms, clock.nowMs]) },
    {
      nowMs: () => clock.nowMs,
      cpuMs: () => clock.cpuMs,
      after(ms, callback) {
        clock.timersSet++;
        timer = { atMs: clock.nowMs + ms, callback };
        return () => {
          timer = null;
        };
      },
    },
  );
  const pass = (ms: number): void => {
    const untilMs = clock.nowMs + ms;
    while (timer !== null && timer.atMs <= untilMs) {
      const { atMs, callback } = timer;
      timer = null;
      clock.nowMs = atMs;
      callback();
    }
    clock.nowMs = untilMs;
  };
  /** The process stands still: what is due meanwhile comes when it goes on. */
  const freeze = (ms: number): void => {
    clock.nowMs += ms;
    if (timer === null || timer.atMs > clock.nowMs) return;
    const { callback } = timer;
    timer = null;
    callback();
  };
  /** The thread is busy: what is due meanwhile comes when it is done. */
  const block = (ms: number): void => {
    clock.cpuMs += ms;
    freeze(ms);
  };
  const task = (deadlineMs: number, tookMs: number): void => {
    deadline.begin(deadlineMs);
    pass(tookMs);
    deadline.end();
  };
  return { clock, passed, deadline, pass, freeze, block, task, isSet: () => timer !== null };
}

test('a thousand tasks in time set a few timers a deadline, not a timer each, and pass none', (t) => {
  const { clock, passed, task } = onVirtualClock();
  for (let each = 0; each < 1_000; each++) task(100, 1);
  t.deepEqual(passed, []);
  t.true(clock.timersSet <= 8 * 10, `${clock.timersSet} timers`);
});

test('a task that takes too long is told of at its own deadline, though the timer was set for one before it', (t) => {
  const { passed, task } = onVirtualClock();
  task(100, 60);
  task(100, 150);
  t.deepEqual(passed, [[100, 160]]);
});

test('a shorter deadline behind a longer one is kept', (t) => {
  const { passed, task } = onVirtualClock();
  task(120_000, 10);
  task(50, 80);
  t.deepEqual(passed, [[50, 60]]);
});

test('what a task waits for does not count, also when the sum wraps around', (t) => {
  const { clock, passed, deadline, pass } = onVirtualClock();
  clock.waitedMs = 2 ** 31 - 10;
  deadline.begin(100);
  clock.waitedMs = -(2 ** 31) + 40;
  pass(149);
  t.deepEqual(passed, []);
  pass(1);
  t.deepEqual(passed, [[100, 150]]);
});

test('while the process stands still the deadline does, whenever that is', (t) => {
  for (const frozenMs of [150, 10_000])
    for (const beforeMs of [0, 1, 50, 95, 99.5]) {
      const { clock, passed, deadline, pass, freeze } = onVirtualClock();
      deadline.begin(100);
      pass(beforeMs);
      freeze(frozenMs);
      t.deepEqual(passed, [], `${beforeMs} ms before, ${frozenMs} ms frozen`);
      pass(200);
      const [[, passedMs] = [0, 0]] = passed;
      const ranMs = passedMs - frozenMs;
      t.true(ranMs >= 100 - 13 && ranMs <= 100 + 2 * 13, `ran ${ranMs} ms of ${clock.nowMs}`);
    }
});

test('a process that is always late, by less than the deadline, sees the deadline pass', (t) => {
  const { passed, deadline, freeze } = onVirtualClock();
  deadline.begin(100);
  for (let times = 0; times < 50 && passed.length === 0; times++) freeze(60);
  t.is(passed.length, 1);
});

test('a thread that is busy for long ends no deadline later than when it is done', (t) => {
  for (const busyMs of [10, 60, 300, 1_000]) {
    const { clock, passed, deadline, block } = onVirtualClock();
    deadline.begin(100);
    for (let times = 0; times < 50 && passed.length === 0; times++) block(busyMs);
    t.true(clock.nowMs <= 100 + 2 * busyMs, `${clock.nowMs} ms, busy for ${busyMs}`);
  }
});

test('what a task waits for while the process stands still counts once', (t) => {
  const { clock, passed, deadline, pass, freeze } = onVirtualClock();
  deadline.begin(100);
  clock.waitedMs = 60_000;
  freeze(60_000);
  pass(200);
  const [[, passedMs] = [0, 0]] = passed;
  t.true(passedMs >= 60_100 - 13 && passedMs <= 60_100 + 2 * 13, `${passedMs}`);
});

test('what held up the process before a task counts for no task', (t) => {
  const { passed, deadline, pass, freeze } = onVirtualClock();
  deadline.begin(100);
  deadline.end();
  freeze(1_000);
  deadline.begin(100);
  pass(150);
  t.deepEqual(passed, [[100, 1_100]]);
});

test('between tasks nothing passes; when it is stopped no timer is left', (t) => {
  const { passed, deadline, pass, task, isSet } = onVirtualClock();
  task(100, 1);
  pass(1_000);
  t.false(isSet());
  deadline.begin(100);
  deadline.stop();
  t.false(isSet());
  t.deepEqual(passed, []);
});
