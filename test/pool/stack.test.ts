// A fault in a worker thread that nobody thought of is told with the place where it happened:
// between threads an error loses its stack.

import test from 'ava';
import { ModelHost } from '../../src/pool/model-host.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import type { WorkerThread } from '../../src/pool/worker-thread.ts';
import type { WorkerResponse } from '../../src/worker-protocol/messages.ts';
import { COUNTS, deploymentOf, microBatchOf } from '../support/model.ts';

test('the loss of a thread is told with the stack and the cause that its error had there', async (t) => {
  const stack = 'TypeError: x is not a function\n    at scorer.ts:17:3 {\n  [cause]: RangeError: too long\n}';
  const failed: WorkerResponse = {
    type: 'failed',
    code: 'SCORELANE_SCORER',
    message: 'x is not a function',
    stack,
  };
  const thread: WorkerThread = {
    run: async ({ type }) => (type === 'probe' ? { type: 'sound' } : failed),
    onError: () => {},
    stop: async () => {},
  };
  const stacks: (string | undefined)[] = [];
  const pool = new StatelessPool({
    hosts: [new ModelHost(thread, { onThreadLost: (_, error) => stacks.push(error.stack) })],
    deployment: deploymentOf(),
    counts: { now: COUNTS },
    onThreadRetired: t.fail,
  });
  await t.throwsAsync(pool.score(microBatchOf([{ key: 'a', value: {} }])));
  t.true(stacks.length > 0);
  t.true(stacks.every((found) => found === stack));
});
