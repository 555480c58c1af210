// Who gets which thread, where any will do: one task a thread, in the order of the calls, and
// nobody waits for a thread that is being replaced while there are others (invariant 6).

import test from 'ava';
import { BufferPool } from '../../src/base/buffer-pool.ts';
import { FreeThreads } from '../../src/pool/free-threads.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { WorkerClient } from '../../src/pool/worker-client.ts';
import type { WorkerThread } from '../../src/pool/worker-thread.ts';
import { COUNTS, deploymentOf } from '../support/model.ts';

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
  const options = { counts: { now: COUNTS }, onThreadRetired: () => {} };
  return {
    client: new WorkerClient(host, 'm@1', options, new BufferPool()),
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
  const [one, two] = [(await threadOf()).client, (await threadOf()).client];
  const free = new FreeThreads([one, two]);
  const given = new Set([await free.acquire(), await free.acquire()]);
  t.true(given.has(one) && given.has(two));
  const served: string[] = [];
  const waits = (name: string) =>
    free.acquire().then((client) => {
      served.push(name);
      return client;
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
  const free = new FreeThreads([one.client, two.client]);
  const lost = await free.acquire();
  const [replaced, other] = lost === one.client ? [one, two] : [two, one];
  lost.host.recover();
  free.release(lost);
  for (let task = 0; task < 3; task++) {
    const client = await free.acquire();
    t.true(client === other.client);
    free.release(client);
  }
  t.true((await free.acquire()) === other.client);
  const waits = free.acquire();
  replaced.serves();
  t.true((await waits) === replaced.client);
});

test('a thread that dies while nobody has it is not given before its successor works', async (t) => {
  const one = await threadOf();
  const free = new FreeThreads([one.client]);
  one.client.host.recover();
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
  const free = new FreeThreads([one.client, two.client]);
  for (const lost of [one, two]) {
    lost.client.host.recover();
    const other = lost === one ? two : one;
    const given = await free.acquire();
    t.true(given === other.client);
    free.release(given);
    lost.serves();
    await lost.client.host.ready;
  }
});

test('when no thread can serve all who wait are told why, and who asks later lets them try again', async (t) => {
  const threads = [await threadOf(), await threadOf()];
  const free = new FreeThreads(threads.map(({ client }) => client));
  const taken = [await free.acquire(), await free.acquire()];
  const waiting = [free.acquire(), free.acquire()];
  const told = Promise.all(waiting.map((each) => t.throwsAsync(each, { message: 'the second is gone' })));
  for (const client of taken) {
    client.host.recover();
    free.release(client);
  }
  threads[0]?.fails('the first is gone');
  await settled();
  threads[1]?.fails('the second is gone');
  await told;
  const again = free.acquire();
  threads[1]?.serves();
  t.true((await again) === threads[1]?.client);
});
