// What HTTP answers over real jobs on the embedded log, and before they have begun.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { newJob, type RunningJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import type { HttpThread } from '../../src/http-thread/http-thread.ts';
import { METRIC_TABLES, withTables } from '../../tools/guide.ts';
import { demoConfig } from '../support/config.ts';
import { ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a-token-of-more-than-sixteen';
const config = demoConfig('http.listen=127.0.0.1:0', 'http.bodyBytes=1KiB', `http.adminToken=${TOKEN}`);
const logger = pino({ level: 'info' }, new Writable({ write: (_, __, done) => done() }));
const job: RunningJob = newJob('default');
let drained = 0;
let server: HttpThread;

const serve = (settings = config.http, isGiven = true): Promise<HttpThread | null> =>
  serveHttp({ ...config, http: settings }, [job], {
    logger,
    isGiven: () => isGiven,
    drain: () => {
      drained++;
    },
  });
const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
const asked = (path: string, token: string, init: RequestInit = {}) =>
  ask(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

test.before(async () => {
  server = (await serve()) as HttpThread;
});
test.after.always(async () => {
  await job.daemon?.stop();
  await server.stop();
});

test.serial('a process whose job waits for its broker is live, and not ready with the reason', async (t) => {
  job.waitsFor = 'no broker at broker:9092: connect ECONNREFUSED';
  t.is((await ask('/livez')).status, 200);
  const answer = await ask('/readyz');
  t.is(answer.status, 503);
  t.is(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  t.true(Number(answer.headers.get('retry-after')) > 0);
  const { jobs } = (await answer.json()) as { jobs: object };
  t.deepEqual(jobs, {
    default: { ready: false, reasons: [{ code: 'starting', message: job.waitsFor }] },
  });
  t.regex(await (await ask('/metrics')).text(), /^scorelane_job_ready\{job="default"\} 0$/m);
});

test.serial('what cannot be answered is a problem that says what to do', async (t) => {
  const post = (body: string, type: string) =>
    asked('/admin/log-level', TOKEN, { method: 'PUT', body, headers: { 'content-type': type } });
  const found = await Promise.all([
    ask('/nothing?secret=1'),
    ask('/metrics', { method: 'POST', body: '{' }),
    post(JSON.stringify({ level: 'x'.repeat(2_000) }), 'application/json'),
    post('level', 'text/plain'),
    post('{', 'application/json'),
    post('{"__proto__": {"level": "info"}}', 'application/json'),
    post('{"level": "loud"}', 'application/json'),
  ]);
  t.deepEqual(
    found.map(({ status }) => status),
    [404, 405, 413, 415, 400, 400, 400],
  );
  t.is(found[1]?.headers.get('allow'), 'GET, HEAD');
  for (const answer of found) {
    const { status, detail } = (await answer.json()) as { status: number; detail: string };
    t.is(status, answer.status);
    t.true(detail.length > 10 && !detail.includes('secret'), detail);
  }
});

test.serial('administration is for who has the token, and off without one', async (t) => {
  const unasked = await ask('/admin/models');
  t.is(unasked.status, 401);
  t.is(unasked.headers.get('www-authenticate'), 'Bearer realm="scorelane"');
  t.is((await asked('/admin/models', `${TOKEN}x`)).status, 403);
  t.is((await asked('/admin/jobs/default/dump', TOKEN, { method: 'POST' })).status, 404);
  const put = { method: 'PUT', body: '{"level":"debug"}', headers: { 'content-type': 'application/json' } };
  t.is((await asked('/admin/log-level', TOKEN, put)).status, 200);
  t.is(logger.level, 'debug');
  logger.level = 'info';
  t.is((await asked('/admin/drain', TOKEN, { method: 'POST' })).status, 202);
  t.is(drained, 1);
  const { adminToken: _, ...open } = config.http;
  const off = (await serve(open)) as HttpThread;
  const answer = await fetch(`${off.url}/admin/models`, { headers: { authorization: `Bearer ${TOKEN}` } });
  t.is(answer.status, 403);
  t.regex(await answer.text(), /http\.adminToken/);
  await off.stop();
});

test.serial('a job that failed and waits to be started again is not ready, and says why', async (t) => {
  job.failed = 'the group is gone';
  t.teardown(() => {
    job.failed = null;
  });
  const answer = await ask('/readyz');
  t.is(answer.status, 503);
  t.regex(await answer.text(), /"code":"failed".*the group is gone/);
});

test.serial('an address that is taken is an error, or a free port where nobody set it', async (t) => {
  const taken = { ...config.http, listen: new URL(server.url).host };
  await t.throwsAsync(serve(taken), { message: /^http\.listen: expected an address that is free/ });
  const other = (await serve(taken, false)) as HttpThread;
  t.not(other.url, server.url);
  await other.stop();
  t.is(await serve({ ...config.http, listen: 'none' }), null);
});

test.serial('metrics follow a job that scores: they agree with its meter', async (t) => {
  job.daemon = await Daemon.start(config, {
    logger,
    failFast: true,
    onFatal: (error) => t.fail(error.message),
  });
  const { meter, sink } = job.daemon;
  await until('the job to be ready', async () => (await ask('/readyz')).status === 200);
  t.truthy(sink);
  const text = await (await ask('/metrics')).text();
  t.regex(text, /^scorelane_job_ready\{job="default"\} 1$/m);
  t.regex(text, /^scorelane_partitions\{job="default",phase="running"\} 1$/m);
  t.regex(text, /^scorelane_partition_lag_records\{job="default",topic="transactions",partition="0"\} 0$/m);
  t.regex(text, /^scorelane_job_info\{job="default",model="transactions 1",backend="wasm"\} 1$/m);
  meter.stages.record('endToEnd', 3, 5);
  meter.flow.retried('SCORELANE_REGISTRY');
  meter.deadLetterCodes = { NO_VALUE: 3 };
  const later = await (await ask('/metrics')).text();
  t.regex(later, /^scorelane_end_to_end_seconds_bucket\{le="0.0025",job="default"\} 0$/m);
  t.regex(later, /^scorelane_end_to_end_seconds_bucket\{le="0.005",job="default"\} 5$/m);
  t.regex(later, /^scorelane_end_to_end_seconds_count\{job="default"\} 5$/m);
  t.regex(later, /^scorelane_lane_retries_total\{job="default",code="SCORELANE_REGISTRY"\} 1$/m);
  t.regex(later, /^scorelane_dead_letters_total\{job="default",code="NO_VALUE"\} 3$/m);
  t.regex(later, /^scorelane_dead_letters_total\{job="default",code="NOT_FINITE"\} 0$/m);
  t.false(later.includes(TOKEN));
});

test.serial('the reason of a lane that stands still is in /readyz', async (t) => {
  const [lane] = [...(job.daemon?.driver.state.lanes.values() ?? [])];
  if (lane === undefined) return t.fail('no lane');
  lane.trouble = { code: 'SCORELANE_REGISTRY', message: 'the registry is away', attempts: 3 };
  const answer = await ask('/readyz');
  lane.trouble = undefined;
  t.is(answer.status, 503);
  const { jobs } = (await answer.json()) as { jobs: { default: { reasons: object[] } } };
  t.like(jobs.default.reasons[0], { code: 'SCORELANE_REGISTRY', lanes: [lane.key] });
});

test.serial(
  'a job that is paused fetches from none of its partitions and says so, until it is resumed',
  async (t) => {
    const { driver } = job.daemon as Daemon;
    const order = (what: string) => asked(`/admin/jobs/default/${what}`, TOKEN, { method: 'POST' });
    t.is((await asked('/admin/jobs/other/pause', TOKEN, { method: 'POST' })).status, 404);
    t.deepEqual(await (await order('pause')).json(), { job: 'default', paused: true });
    const answer = await ask('/readyz');
    t.is(answer.status, 503);
    t.regex(await answer.text(), /"code":"paused".*\/admin\/jobs\/default\/resume/);
    t.regex(await (await ask('/metrics')).text(), /^scorelane_job_paused\{job="default"\} 1$/m);
    t.true([...driver.state.lanes.values()].every(({ paused }) => paused));
    t.deepEqual(await (await order('resume')).json(), { job: 'default', paused: false });
    t.is((await ask('/readyz')).status, 200);
    t.true([...driver.state.lanes.values()].every(({ paused }) => !paused));
  },
);

test('docs/metrics.md has each metric of the registry, and no other', (t) => {
  const text = readFileSync(join(ROOT, 'docs', 'metrics.md'), 'utf8');
  t.is(text, withTables(text, METRIC_TABLES), 'npm run reference');
});
