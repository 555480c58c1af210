// Order is kept, an error is its own, and who waits for idle waits for all.

import test from 'ava';
import { SerialQueue } from '../../src/base/serial-queue.ts';

test('what is asked for runs one after the other, in the order in which it was asked for', async (t) => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const runs = gates.map(({ promise }, index) =>
    queue.run(async () => {
      log.push(`begins ${index}`);
      await promise;
      log.push(`ends ${index}`);
      return index;
    }),
  );
  // The last may end first: it has not begun.
  for (const { resolve } of gates.toReversed()) resolve();
  t.deepEqual(await Promise.all(runs), [0, 1, 2]);
  t.deepEqual(log, ['begins 0', 'ends 0', 'begins 1', 'ends 1', 'begins 2', 'ends 2']);
});

test('the error of one goes to who asked for it, and the next one runs', async (t) => {
  const queue = new SerialQueue();
  const failing = queue.run(() => Promise.reject(new Error('the first')));
  const throwing = queue.run(() => {
    throw new Error('the second');
  });
  const next = queue.run(async () => 'the third');
  await t.throwsAsync(failing, { message: 'the first' });
  await t.throwsAsync(throwing, { message: 'the second' });
  t.is(await next, 'the third');
});

test('it is idle when all is done, also what was asked for while somebody waited for that', async (t) => {
  const queue = new SerialQueue();
  t.true(queue.isIdle);
  await queue.idle();
  const log: string[] = [];
  const first = queue.run(async () => {
    log.push('first');
    void queue.run(async () => void log.push('second'));
  });
  const failed = t.throwsAsync(queue.run(() => Promise.reject(new Error('failed'))));
  t.false(queue.isIdle);
  await queue.idle();
  t.true(queue.isIdle);
  t.deepEqual(log, ['first', 'second']);
  await Promise.all([first, failed]);
});
