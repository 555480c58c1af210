// How the driver comes to its end: a rebalance or a stop waits for the work in flight, but not for
// ever, and a driver that dies lets go of everybody who waits for it.

import test from 'ava';
import { Driven, fetched, LANE, producing } from './driven.ts';

test('a rebalance waits for the work in flight, and for revokeTimeoutMs at most', async (t) => {
  for (const isInTime of [true, false]) {
    const driven = await producing();
    const { promise, resolve } = Promise.withResolvers<string>();
    void driven.listener.revoking([LANE]).then(() => resolve('settled'));
    driven.pass(59_999);
    t.is(await Promise.race([promise, turn('waits')]), 'waits');
    if (isInTime) {
      await driven.calls.produce.last.answer([]);
      await driven.calls.commit.last.answer();
    } else driven.pass(1);
    t.is(await promise, 'settled');
  }
});

const turn = (word: string): Promise<string> => new Promise((resolve) => setImmediate(resolve, word));

test('a stop drains for seven eighths of its time, and leaves in the last eighth', async (t) => {
  const driven = await producing();
  const stopped = driven.driver.stop(800);
  driven.pass(699);
  await turn('');
  t.is(driven.calls.leave.all.length, 0);
  driven.pass(1);
  await turn('');
  t.is(driven.calls.leave.all.length, 1);
  t.is(driven.timerAtMs, 1_800);
  driven.pass(100);
  t.deepEqual(await stopped, { unfinished: ['in/0'], notLeft: 'no answer' });
});

test('a stop ends as soon as all is committed, and says why the source was not left', async (t) => {
  const driven = await producing();
  const stopped = driven.driver.stop(800);
  await driven.calls.produce.last.answer([]);
  await driven.calls.commit.last.answer();
  await driven.calls.leave.last.fail(new Error('the coordinator is away'));
  t.deepEqual(await stopped, { unfinished: [], notLeft: 'the coordinator is away' });
  t.is(driven.timerAtMs, null);
});

test('a stop that is left in order says nothing more', async (t) => {
  const driven = new Driven();
  await driven.start({});
  const stopped = driven.driver.stop(800);
  await turn('');
  await driven.calls.leave.last.answer();
  t.deepEqual(await stopped, { unfinished: [] });
});

test('a driver that dies while it stops names the lanes that were not finished', async (t) => {
  const driven = await producing();
  const stopped = driven.driver.stop(800);
  driven.listener.failed(new Error('gone for good'));
  await turn('');
  await driven.calls.leave.last.answer();
  t.deepEqual(await stopped, { unfinished: ['in/0'] });
});

test('who ends is told of the first fatal error only, and no message counts after it', async (t) => {
  const driven = new Driven();
  await driven.start({});
  driven.listener.failed(new Error('first'));
  driven.listener.failed(new Error('second'));
  driven.listener.fetched(fetched(0));
  t.deepEqual(
    driven.fatal.map(({ message }) => message),
    ['first'],
  );
  t.is(driven.calls.score.all.length, 0);
});

test('what the engine finds wrong with itself ends the driver', async (t) => {
  const driven = new Driven({
    observer: {
      effect: () => {
        throw new Error('a fault');
      },
    },
  });
  await driven.start({});
  driven.listener.fetched(fetched(0));
  t.is(driven.fatal[0]?.message, 'a fault');
});
