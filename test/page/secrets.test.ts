// A page without a login shows where a dead letter came from and why, and nothing of what is in it:
// a real daemon on the embedded log is asked for all that it serves to anybody.

import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import type { HttpThread } from '../../src/http-thread/http-thread.ts';
import type { PageSnapshot } from '../../src/page/told.ts';
import { demoConfig } from '../support/config.ts';
import { firstEvent, servedToAnybody } from '../support/open-paths.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const CANARY = '4111-canary-of-a-customer';
const TOKEN = 'canary-of-administration';

/** A daemon of the model creditcard, whose records are given. */
async function begin(t: { teardown(end: () => unknown): void }, ...settings: string[]) {
  const said: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      said.push(chunk.toString());
      done();
    },
  });
  const logger = pino({ level: 'info' }, stream);
  const config = demoConfig(
    ...['model.name=creditcard', 'input.format=json', 'http.listen=127.0.0.1:0'],
    ...[`http.adminToken=${TOKEN}`, 'memory.partitions=2', ...settings],
  );
  const job = newJob('default');
  const server = (await serveHttp(config, [job], { logger, isGiven: () => true, drain() {} })) as HttpThread;
  job.daemon = await Daemon.start(config, {
    logger,
    failFast: true,
    onFatal: (error) => {
      throw error;
    },
  });
  t.teardown(async () => {
    await job.daemon?.stop();
    await server.stop();
  });
  return { server, daemon: job.daemon, said };
}

const told = async ({ url }: HttpThread): Promise<PageSnapshot> => JSON.parse(await firstEvent(url));
const served = async ({ url }: HttpThread): Promise<string> => (await servedToAnybody(url)).join('\n');

const bad = { key: CANARY, value: JSON.stringify({ V1: CANARY }) };

test('the last dead letter of a code is named by its place, and nothing of it is served', async (t) => {
  const { server, daemon, said } = await begin(t);
  const record = { key: 'k', value: '{}' };
  await daemon.sink.produce([batchOf('transactions', 1, [bad, bad, record, bad, record])]);
  await until('all to be dead letters', () => daemon.meter.records.deadLetters === 5);
  const [job] = (await told(server)).jobs;
  const letters = job?.running?.deadLetters ?? [];
  t.deepEqual(
    letters.map(({ code, count, last }) => [code, count, last?.topic, last?.partition, last?.offset]),
    [
      ['NOT_A_NUMBER', 3, 'transactions', 1, 3],
      ['MISSING_FIELD', 2, 'transactions', 1, 4],
    ],
  );
  const all = await served(server);
  t.true(all.includes('NOT_A_NUMBER'));
  t.false(all.includes('canary-of'), all);
  t.false(said.join('').includes(TOKEN));
});

test('a lane that stands still for a flood of them says so in numbers; the log alone has a reason of a record', async (t) => {
  const limits = ['deadLetters.floodShare=0.1', 'deadLetters.floodRecords=10'];
  const { server, daemon, said } = await begin(t, ...limits);
  await daemon.sink.produce([
    batchOf(
      'transactions',
      0,
      Array.from({ length: 20 }, () => bad),
    ),
  ]);
  const standing = async () => {
    const [job] = (await told(server)).jobs;
    return job?.running?.lanes.find(({ status }) => status === 'trouble');
  };
  const lane = await until('the lane to stand still', standing);
  t.regex(lane.trouble?.message ?? '', /^20 of the last 20 records would be dead letters/);
  t.true(said.join('').includes(`one of them: NOT_A_NUMBER: field \\"V1\\" is the string`), said.join(''));
  const all = await served(server);
  t.true(all.includes('would be dead letters'));
  t.false(all.includes('canary-of'), all);
});

test('without a page nothing is served at / and /events', async (t) => {
  const { server, said } = await begin(t, 'http.page=false');
  for (const path of ['/', '/events', '/page/page.js']) t.is((await fetch(server.url + path)).status, 404);
  t.is((await fetch(`${server.url}/livez`)).status, 200);
  t.false(said.join('').includes('browser'));
});
