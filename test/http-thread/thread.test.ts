// The thread of HTTP as it runs: it answers by what the main thread does.

import { Worker } from 'node:worker_threads';
import test from 'ava';
import { serveModel } from '../support/served.ts';

/** Asks both paths, and says how many were answered within a second. */
const ASKS = `
  const { workerData: { url, said } } = require('node:worker_threads');
  const ask = (path) => fetch(url + path, { signal: AbortSignal.timeout(1000) }).then(() => 1, () => 0);
  Promise.all(['/livez', '/v2/health/live'].map(ask)).then(([first, second]) => {
    Atomics.store(said, 0, first + second);
    Atomics.store(said, 1, 1);
    Atomics.notify(said, 1);
  });`;

test('a main thread that hangs is not live, though the thread of HTTP is', async (t) => {
  const served = await serveModel('creditcard');
  t.teardown(() => served.stop());
  const areLive = async (): Promise<boolean> =>
    (await served.get('/livez')).ok && (await served.get('/v2/health/live')).ok;
  t.true(await areLive());
  const said = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(ASKS, { eval: true, workerData: { url: served.url, said } });
  // This is the main thread, which now does nothing else.
  t.is(Atomics.wait(said, 1, 0, 30_000), 'ok');
  await worker.terminate();
  t.is(said[0], 0, 'none was answered meanwhile');
  t.true(await areLive());
});
