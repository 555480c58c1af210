// What is refused is counted by its reason, whichever protocol refuses it, and by no other.

import { connect } from 'node:net';
import test from 'ava';
import { HTTP_REJECTIONS, type HttpRejection } from '../../src/http/rejections.ts';
import { VIEWERS_MAX } from '../../src/page/feed.ts';
import { type Served, serveModel } from '../support/served.ts';
import { until } from '../support/until.ts';

let served: Served;
test.before(async () => {
  served = await serveModel(
    'creditcard',
    ...['http.bodyBytes=1KiB', 'http.queueRecords=10', 'http.requestTimeout=1s', 'http.connections=50'],
  );
});
test.after.always(() => served?.stop());

async function counts(): Promise<Readonly<Record<string, number>>> {
  const text = await (await served.get('/metrics')).text();
  const found = text.matchAll(/^scorelane_http_rejections_total\{reason="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, reason, count]) => [reason, Number(count)]));
}

/** Sends bytes as they are, and waits until the server has closed. */
const raw = (bytes: string): Promise<void> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(served.url);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('error', () => {}).on('close', () => resolve());
    socket.resume();
  });

/** One more than may. */
async function lookTooOften(): Promise<void> {
  const leaving = new AbortController();
  const look = () => fetch(`${served.url}/events`, { signal: leaving.signal });
  const looks = await Promise.all(Array.from({ length: VIEWERS_MAX }, look));
  const statuses = [...looks, await look()].map(({ status }) => status);
  leaving.abort();
  if (statuses.lastIndexOf(200) !== VIEWERS_MAX - 1 || statuses.at(-1) !== 503)
    throw new Error(`${statuses}`);
}

const score = '/v1/score/default';
const post = (path: string, body: string, type?: string) => (): Promise<unknown> =>
  served.post(path, body, type);
const REFUSED: readonly (readonly [HttpRejection, () => Promise<unknown>])[] = [
  ['malformed', post(score, '')],
  ['malformed', post('/v2/models/creditcard/infer', '{')],
  ['malformed', () => raw('no HTTP\r\n\r\n')],
  ['unauthorized', () => served.post('/admin/drain', '')],
  ['not_found', () => served.get('/nothing')],
  ['not_found', post('/v1/score/other', '{}')],
  ['not_found', () => served.get('/v2/nothing')],
  ['method_not_allowed', () => served.get(score)],
  ['method_not_allowed', () => served.get('/v1/models/creditcard:predict')],
  ['slow', () => raw('POST /v1/score/default HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n')],
  ['body_too_large', post(score, 'x'.repeat(2_000))],
  ['too_many_records', post(score, `[${'1,'.repeat(20)}1]`)],
  ['uri_too_long', () => served.get(`/v2/models/${'x'.repeat(300)}`)],
  ['media_type', post(score, 'V1=1', 'text/csv')],
  ['too_many_viewers', lookTooOften],
];

for (const [index, [reason, refuse]] of REFUSED.entries())
  test.serial(`${index}: ${reason}`, async (t) => {
    const before = await counts();
    await refuse();
    const after = await until('it to be counted', async () => {
      const now = await counts();
      return now[reason] !== before[reason] && now;
    });
    t.deepEqual(after, { ...before, [reason]: (before[reason] ?? 0) + 1 });
  });

test.serial('a name that is too long is refused in words of ours, which do not repeat it', async (t) => {
  const answer = await served.get(`/v2/models/${'x'.repeat(300)}`);
  t.is(answer.status, 414);
  t.regex(await answer.text(), /"detail":"expected a shorter name in the path/);
});

test.serial('every reason has a series from the first moment on', async (t) => {
  t.deepEqual(Object.keys(await counts()).toSorted(), Object.keys(HTTP_REJECTIONS).toSorted());
});

test.serial(
  'a record that is refused by itself, and a process that is not ready, are no refused requests',
  async (t) => {
    const before = await counts();
    t.is((await served.post(score, '{"V1": "x"}')).status, 200);
    await served.get('/readyz');
    t.deepEqual(await counts(), before);
  },
);

test.serial('a connection too many is counted', async (t) => {
  const { hostname, port } = new URL(served.url);
  const before = await counts();
  const sockets = Array.from({ length: 55 }, () => connect(Number(port), hostname).on('error', () => {}));
  await until('some to be closed', () => sockets.some(({ closed, destroyed }) => closed || destroyed));
  for (const socket of sockets) socket.destroy();
  await until('it to be counted', async () =>
    served
      .get('/metrics')
      .then(() => counts())
      .then(({ connections = 0 }) => connections > (before.connections ?? 0))
      .catch(() => false),
  );
  t.pass();
});
