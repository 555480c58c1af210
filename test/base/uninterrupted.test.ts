// Who ends a thread waits until it is outside of calls that must not be cut off, and the thread
// begins no other one.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { dropGuard, keepOutside, letIn, newGuard } from '../../src/base/uninterrupted.ts';

/** Calls again and again; each call lasts until a turn is given, and is counted when it begins. */
const CALLS = `
  import { workerData } from 'node:worker_threads';
  import { guardThread, uninterrupted } from ${JSON.stringify(new URL('../../src/base/uninterrupted.ts', import.meta.url).href)};
  const { guard, turns } = workerData;
  guardThread(guard);
  for (let call = 1; ; call++) uninterrupted(() => {
    Atomics.store(turns, 0, call);
    Atomics.notify(turns, 0);
    while (Atomics.load(turns, 1) < call) Atomics.wait(turns, 1, call - 1);
  });
`;

test('a thread is in a call until it leaves it, begins no other while it is about to be ended, and then may again', async (t) => {
  const guard = newGuard();
  const turns = new Int32Array(new SharedArrayBuffer(8));
  const begun = async (call: number): Promise<void> => {
    while (Atomics.load(turns, 0) < call) await Atomics.waitAsync(turns, 0, call - 1).value;
  };
  const endCall = (call: number): void => {
    Atomics.store(turns, 1, call);
    Atomics.notify(turns, 1);
  };
  const source = new URL(`data:text/javascript,${encodeURIComponent(CALLS)}`);
  const worker = new Worker(source, { workerData: { guard, turns } });
  await begun(1);
  const left = keepOutside(guard, worker.threadId);
  t.not(left, null);
  endCall(1);
  await left;
  t.is(Atomics.load(turns, 0), 1, 'the second call waits');
  letIn(guard);
  await begun(2);
  // Of another thread nothing is to be heard here.
  t.not(keepOutside(guard, worker.threadId + 1), null);
  endCall(2);
  await begun(3);
  const again = keepOutside(guard, worker.threadId);
  endCall(3);
  await again;
  const exited = once(worker, 'exit');
  await worker.terminate();
  t.deepEqual(await exited, [1]);
  t.is(Atomics.load(turns, 0), 3);
  dropGuard(guard);
});
