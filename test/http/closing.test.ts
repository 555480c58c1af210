// A server that is told to close: whole requests get their answers first.

import test from 'ava';
import { HttpServer, type Operated } from '../../src/http/server.ts';
import { until } from '../support/until.ts';

const LIMITS = { bodyBytes: 1_000, requestTimeoutMs: 10_000, connectionsMax: 10, tls: null };

test('whole requests are answered before connections are closed, and so are those that come meanwhile on them', async (t) => {
  const alive = Promise.withResolvers<void>();
  let asks = 0;
  const operated = {
    ...{ version: '0', metricsType: 'text/plain', admin: { logLevels: [] }, page: null },
    live: () => (asks++ === 0 ? alive.promise : undefined),
    readiness: () => ({ ready: false, jobs: {} }),
    ...{ answered: () => {}, rejected: () => {}, failed: () => {}, notRenewed: () => {} },
  } as unknown as Operated;
  const server = await HttpServer.start({ host: '127.0.0.1', port: 0 }, LIMITS, null, operated);
  const { url } = server;
  // Two connections that stay.
  await Promise.all([1, 2].map(async () => (await fetch(`${url}/readyz`)).text()));
  const live = fetch(`${url}/livez`);
  await until('it to be asked', () => asks === 1);
  const stopped = server.stop();
  const ready = await fetch(`${url}/readyz`);
  t.is(ready.status, 503);
  t.is(ready.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  t.truthy(ready.headers.get('retry-after'));
  t.is(ready.headers.get('connection'), 'close');
  alive.resolve();
  t.is((await live).status, 200);
  await stopped;
});
