// Who gets which thread: one task a thread, in the order of the calls, and nobody waits for a
// thread that is being replaced while there are others (invariant 6). Jobs that share threads get
// equal parts of their time, however many tasks one of them has.

import test from 'ava';
import { FreeThreads } from '../../src/pool/free-threads.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import type { WorkerThread } from '../../src/pool/worker-thread.ts';
import { deploymentOf } from '../support/model.ts';

/** A thread with a model, whose golden records are answered for when the test says so. */
async function threadOf() {
  let probe = Promise.withResolvers<void>();
  const thread: WorkerThread = {
    async run() {
      await probe.promise;
      return { type: 'sound' };
    },
    onError: () => {},
    stop: async () => {},
  };
  const host = new ModelHost(thread, { onThreadLost: () => {} });
  probe.resolve();
  await host.load(deploymentOf());
  probe = Promise.withResolvers();
  return {
    host,
    serves: () => probe.resolve(),
    fails(why: string) {
      probe.reject(new Error(why));
      probe = Promise.withResolvers();
    },
  };
}

/** Turns of the event loop: enough for all that waits for nothing else. */
const settled = (): Promise<void> => new Promise(setImmediate);

test('threads are given to one at a time, and those that wait are served in the order in which they came', async (t) => {
  const [one, two] = [(await threadOf()).host, (await threadOf()).host];
  const free = new FreeThreads([one, two]).turns();
  const given = new Set([await free.acquire(), await free.acquire()]);
  t.true(given.has(one) && given.has(two));
  const served: string[] = [];
  const waits = (name: string) =>
    free.acquire().then((host) => {
      served.push(name);
      return host;
    });
  const [third, fourth] = [waits('third'), waits('fourth')];
  await settled();
  t.deepEqual(served, []);
  free.release(two);
  t.true((await third) === two);
  free.release(one);
  t.true((await fourth) === one);
  t.deepEqual(served, ['third', 'fourth']);
});

test('a thread that is being replaced is not given before it works, and the others go on meanwhile', async (t) => {
  const [one, two] = [await threadOf(), await threadOf()];
  const free = new FreeThreads([one.host, two.host]).turns();
  const lost = await free.acquire();
  const [replaced, other] = lost === one.host ? [one, two] : [two, one];
  lost.recover();
  free.release(lost);
  for (let task = 0; task < 3; task++) {
    const host = await free.acquire();
    t.true(host === other.host);
    free.release(host);
  }
  t.true((await free.acquire()) === other.host);
  const waits = free.acquire();
  replaced.serves();
  t.true((await waits) === replaced.host);
});

test('a thread that dies while nobody has it is not given before its successor works', async (t) => {
  const one = await threadOf();
  const free = new FreeThreads([one.host]).turns();
  one.host.recover();
  let isGiven = false;
  const waits = free.acquire().then(() => {
    isGiven = true;
  });
  await settled();
  t.false(isGiven);
  one.serves();
  await waits;
  t.true(isGiven);
});

test('a thread that works is given before one that was lost while nobody had it', async (t) => {
  const [one, two] = [await threadOf(), await threadOf()];
  const free = new FreeThreads([one.host, two.host]).turns();
  for (const lost of [one, two]) {
    lost.host.recover();
    const other = lost === one ? two : one;
    const given = await free.acquire();
    t.true(given === other.host);
    free.release(given);
    lost.serves();
    await lost.host.ready;
  }
});

test('when no thread can serve all who wait are told why, and who asks later lets them try again', async (t) => {
  const threads = [await threadOf(), await threadOf()];
  const free = new FreeThreads(threads.map(({ host }) => host)).turns();
  const taken = [await free.acquire(), await free.acquire()];
  const waiting = [free.acquire(), free.acquire()];
  const told = Promise.all(waiting.map((each) => t.throwsAsync(each, { message: 'the second is gone' })));
  for (const host of taken) {
    host.recover();
    free.release(host);
  }
  threads[0]?.fails('the first is gone');
  await settled();
  threads[1]?.fails('the second is gone');
  await told;
  const again = free.acquire();
  threads[1]?.serves();
  t.true((await again) === threads[1]?.host);
});

/** Jobs at one thread whose tasks take as long as the test says. */
async function jobsAtOneThread(count: number) {
  let nowMs = 0;
  const { host } = await threadOf();
  const threads = new FreeThreads([host], () => nowMs);
  const jobs = Array.from({ length: count }, () => threads.turns());
  const spentMs = jobs.map(() => 0);
  const order: number[] = [];
  /** One task of a job, which then has the next one if it is said to have more. */
  const task = async (job: number, ms: number, hasMore: () => boolean): Promise<void> => {
    const turns = jobs[job];
    do {
      const given = await turns?.acquire();
      if (given === undefined) return;
      order.push(job);
      nowMs += ms;
      spentMs[job] = (spentMs[job] ?? 0) + ms;
      turns?.release(given);
    } while (hasMore());
  };
  return { task, spentMs, order, nowMs: () => nowMs, jobs, host };
}

test('jobs that always have tasks get equal parts of the time, whatever their tasks take and however many they are', async (t) => {
  const { task, spentMs, nowMs } = await jobsAtOneThread(3);
  const until = (): boolean => nowMs() < 10_000;
  await Promise.all([
    ...Array.from({ length: 8 }, () => task(0, 10, until)),
    task(1, 1, until),
    task(1, 1, until),
    task(2, 40, until),
    task(2, 40, until),
  ]);
  for (const ms of spentMs) t.true(Math.abs(ms - 10_000 / 3) < 200, spentMs.join());
});

test('a job that comes back after a pause waits for the running task alone, and has no time saved up', async (t) => {
  const { task, order, spentMs, nowMs } = await jobsAtOneThread(2);
  const flood = (untilMs: number) => Array.from({ length: 4 }, () => task(0, 10, () => nowMs() < untilMs));
  await Promise.all(flood(2_000));
  const before = order.length;
  await Promise.all([
    ...flood(4_000),
    task(1, 10, () => nowMs() < 4_000),
    task(1, 10, () => nowMs() < 4_000),
  ]);
  t.deepEqual(order.slice(before, before + 2), [0, 1]);
  t.true(Math.abs((spentMs[1] ?? 0) - 1_000) < 50, spentMs.join());
});

test('a job whose task was held up by what is no task is not put behind the others for as long', async (t) => {
  const { task, spentMs, nowMs } = await jobsAtOneThread(2);
  await task(0, 3_000, () => false);
  const until = (): boolean => nowMs() < 4_000;
  await Promise.all([task(0, 10, until), task(0, 10, until), task(1, 10, until), task(1, 10, until)]);
  t.true((spentMs[0] ?? 0) - 3_000 > 400, spentMs.join());
});

test('who asks for one thread is not given another, and others are not held up by the wait', async (t) => {
  const [one, two] = [await threadOf(), await threadOf()];
  const threads = new FreeThreads([one.host, two.host]);
  const [first, second] = [threads.turns(), threads.turns()];
  t.false(first.isAlone);
  t.is(await first.acquire(one.host), one.host);
  let isGiven = false;
  const waits = second.acquire(one.host).then((host) => {
    isGiven = true;
    return host;
  });
  t.is(await first.acquire(), two.host);
  first.release(two.host);
  await settled();
  t.false(isGiven);
  first.release(one.host);
  t.is(await waits, one.host);
  second.leave();
  t.true(first.isAlone);
});

test('who asks for a thread that cannot be replaced is told why, though others can serve', async (t) => {
  const [one, two] = [await threadOf(), await threadOf()];
  const threads = new FreeThreads([one.host, two.host]);
  const [first, second] = [1, 2].map(() => threads.turns());
  const taken = await first?.acquire(one.host);
  const waits = second?.acquire(one.host);
  one.host.recover();
  first?.release(taken as ModelHost);
  one.fails('it is gone');
  await t.throwsAsync(waits as Promise<ModelHost>, { message: 'it is gone' });
  t.is(await second?.acquire(), two.host);
});
