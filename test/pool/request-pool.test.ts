// What requests ask of threads: a thread that ends before it begins with their rows, or records, is
// no word against them.

import test, { type ExecutionContext } from 'ava';
import { readManifest } from '../../src/model/manifest.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import type { RequestPool } from '../../src/pool/request-pool.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { COUNTS, deploymentOf, GROWTH, MODEL_FOLDER, microBatchOf, transactions } from '../support/model.ts';

const faults = new URL('./fault-worker.ts', import.meta.url);
const { width } = readManifest(MODEL_FOLDER);
const ROWS = { cells: new Float32Array(2 * width), rows: 2, texts: [] };

/** Of one thread, which `grow` lets grow so much that it ends instead of beginning another task. */
async function threadOf(t: ExecutionContext) {
  const [lost, retired]: [string[], string[]] = [[], []];
  const growth = { ...GROWTH, tensorsMax: 500 };
  const thread = new PiscinaThread({ deadlineMs: 20_000, growth, workerUrl: faults });
  const pool = new StatelessPool({
    hosts: [new ModelHost(thread, { onThreadLost: (why) => lost.push(why) })],
    deployment: deploymentOf({}),
    counts: { now: COUNTS },
    onThreadRetired: (why) => retired.push(why),
  });
  await pool.start();
  t.teardown(() => pool.stop());
  const [value] = transactions(1) as unknown as [Record<string, unknown>];
  const records = (key: string) => microBatchOf([{ key, value }]);
  const grow = async (): Promise<void> => {
    const before = retired.length;
    while (retired.length === before) await pool.score(records('tensors'));
  };
  return { requests: pool.forRequests(), thread, pool, records, lost, grow };
}

const predict = (requests: RequestPool): Promise<unknown> => requests.predict(() => ROWS);

test('rows and records that a thread never began with are given to its successor', async (t) => {
  const { requests, pool, records, lost, grow } = await threadOf(t);
  const wanted = await predict(requests);
  await grow();
  let closed = 0;
  const again = await requests.predict(() => {
    closed++;
    return ROWS;
  });
  t.deepEqual((again as { columns: unknown }).columns, (wanted as { columns: unknown }).columns);
  t.is(closed, 1, 'what was closed is asked again, and nothing is closed twice');
  await grow();
  t.is((await requests.score(() => records('a')))?.scored, 1);
  await grow();
  t.is((await pool.scoreTogether([records('a')])[0])?.scored, 1);
  t.deepEqual(lost, []);
});

test('rows that were with a thread when it ended are told so', async (t) => {
  const { requests, thread, lost } = await threadOf(t);
  const run = thread.run.bind(thread);
  thread.run = async () => {
    thread.run = run;
    throw new Error('worker exited with code: 3');
  };
  await t.throwsAsync(predict(requests), { name: 'RowsLostError', message: /exited/ });
  t.deepEqual(lost, ['worker exited with code: 3']);
  t.truthy(await predict(requests));
});

test('the end of a request that finds nothing to do leaves the thread free', async (t) => {
  const { requests } = await threadOf(t);
  t.is(await requests.predict(() => null), null);
  await t.throwsAsync(
    requests.predict(() => {
      throw new TypeError('a fault in closing');
    }),
    { message: 'a fault in closing' },
  );
  t.truthy(await predict(requests));
});
