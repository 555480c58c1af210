// Clients that mean harm, over sockets of their own: a request is what it says it is, once; who is
// slow, huge or many costs little; and the server goes on answering.

import { connect } from 'node:net';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import type { HttpThread } from '../../src/http-thread/http-thread.ts';
import { demoConfig } from '../support/config.ts';
import { until } from '../support/until.ts';
import { repositoryOf } from '../support/versions.ts';

const TOKEN = 'a-token-of-more-than-sixteen';
const config = demoConfig(
  ...['http.listen=127.0.0.1:0', 'http.bodyBytes=64KiB', 'http.requestTimeout=500ms', 'http.connections=20'],
  ...[`http.adminToken=${TOKEN}`, 'model.name=creditcard', 'input.format=json'],
  // A copy: somebody may come to move its labels.
  `model.repository=${repositoryOf('creditcard')}`,
);
const logger = pino({ level: 'info' }, new Writable({ write: (_, __, done) => done() }));
const job = newJob('default');
let drained = 0;
let server: HttpThread;

test.before(async () => {
  server = (await serveHttp(config, [job], {
    logger,
    isGiven: () => true,
    drain: () => drained++,
  })) as HttpThread;
  job.daemon = await Daemon.start(config, {
    logger,
    failFast: true,
    onFatal: (error) => {
      throw error;
    },
  });
});
test.after.always(async () => {
  await job.daemon?.stop();
  await server.stop();
});

/** What comes back until the server closes the connection. */
function sent(text: string, then?: (write: (more: string) => void) => void): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text);
      then?.((more) => socket.writable && socket.write(more));
    });
    let back = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      back += piece;
    });
    // Who goes on writing to a closed connection is told so.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(back) : reject(error),
    );
    socket.on('close', () => resolve(back));
  });
}

/** One for each answer. */
const statuses = (back: string): string[] =>
  [...back.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, s]) => s as string);
const slowOnes = async (): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^scorelane_http_rejections_total\{reason="slow"\} (\d+)/m.exec(text)?.[1] ?? 0);
};
const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`;
const hidden = lines(
  'POST /admin/drain HTTP/1.1',
  'Host: x',
  `Authorization: Bearer ${TOKEN}`,
  'Content-Length: 0',
);
const isUp = async (): Promise<boolean> => (await fetch(`${server.url}/livez`)).ok;

/** Each says two things about where its body ends, so that a proxy may hide a request in it. */
const SMUGGLED: Readonly<Record<string, readonly string[]>> = {
  'a length and chunks': ['Content-Length: 4', 'Transfer-Encoding: chunked'],
  'two lengths': ['Content-Length: 0', `Content-Length: ${hidden.length}`],
  'a length of two values': [`Content-Length: 0, ${hidden.length}`],
  'a length that is no number': ['Content-Length: +4'],
  'another coding than chunked': ['Transfer-Encoding: xchunked'],
  'chunked, and another coding': ['Transfer-Encoding: chunked, identity'],
  'a space before the colon': ['Transfer-Encoding : chunked'],
  'a header on two lines': ['Transfer-Encoding:', ' chunked'],
};

for (const [what, headers] of Object.entries(SMUGGLED)) {
  test.serial(`a request that is hidden behind ${what} is not done`, async (t) => {
    const before = drained;
    const back = await sent(
      lines('POST /v1/score/default HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...headers) +
        `0\r\n\r\n${hidden}`,
    );
    t.deepEqual(statuses(back), ['400'], back);
    t.is(drained, before);
    t.true(await isUp());
  });
}

test.serial('garbage behind a request is not taken for the answer to it', async (t) => {
  const request = lines(
    'POST /v1/score/default HTTP/1.1',
    ...['Host: x', 'Content-Type: application/json', 'Content-Length: 2'],
  );
  const back = await sent(`${request}{}nonsense\r\n\r\n`);
  t.false(statuses(back).includes('400') && !statuses(back).includes('200'), back);
  t.true(await isUp());
});

test.serial('clients that go before they have an answer are no slow ones', async (t) => {
  const before = await slowOnes();
  const request = lines(
    'POST /v1/score/default HTTP/1.1',
    ...['Host: x', 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
  );
  await Promise.all(Array.from({ length: 5 }, () => sent(`${request}zz\r\n`)));
  const gone = Array.from(
    { length: 10 },
    () =>
      new Promise<void>((resolve) => {
        const { hostname, port } = new URL(server.url);
        const socket = connect(Number(port), hostname, () => {
          socket.write(lines('POST /v1/score/default HTTP/1.1', 'Host: x', 'Content-Length: 2'));
          socket.destroy();
          resolve();
        });
      }),
  );
  await Promise.all(gone);
  const untilMs = performance.now() + 1_500;
  await until('the time that an answer may take', () => performance.now() > untilMs);
  t.is(await slowOnes(), before);
});

test.serial('bytes that never become a request get a problem too, as every other refusal', async (t) => {
  const TELLS: readonly (readonly [string, number, RegExp])[] = [
    ['nonsense\r\n\r\n', 400, /expected a request of HTTP/],
    [lines('GET /livez HTTP/1.1', 'Host: x', `X: ${'a'.repeat(70_000)}`), 431, /shorter headers/],
    [lines('POST /v1/score/default HTTP/1.1', 'Host: x', 'Expect: a miracle'), 417, /found "a miracle"/],
    ['POST /v1/score/default HTTP/1.1\r\nHost: x\r\n', 408, /http\.requestTimeout/],
  ];
  for (const [text, status, detail] of TELLS) {
    const back = await sent(text);
    t.deepEqual(statuses(back), [String(status)], back);
    t.regex(back, /^content-type: application\/problem\+json/im);
    const problem = JSON.parse(back.slice(back.indexOf('{'), back.lastIndexOf('}') + 1));
    t.like(problem, { type: 'about:blank', status });
    t.regex(problem.detail, detail);
  }
  t.true(await isUp());
});

test.serial(
  'the same request by itself is done: the ones above were refused for what they hide',
  async (t) => {
    const before = drained;
    const back = await sent(hidden.replace('Host: x', 'Host: x\r\nConnection: close'));
    t.deepEqual(statuses(back), ['202']);
    t.is(drained, before + 1);
  },
);

test.serial(
  'who sends headers or a body too slowly is cut off, and others are answered meanwhile',
  async (t) => {
    const slow = Array.from({ length: 8 }, (_, index) =>
      sent(
        index % 2 === 0
          ? 'GET /livez HTTP/1.1\r\nHost: x\r\nX: '
          : lines(
              'POST /v1/score/default HTTP/1.1',
              'Host: x',
              'Content-Type: application/json',
              'Content-Length: 1000',
            ),
        (write) => {
          const timer = setInterval(() => write('a'), 50);
          timer.unref();
        },
      ),
    );
    t.true(await isUp());
    for (const back of await Promise.all(slow)) t.true(back === '' || statuses(back)[0] === '408', back);
  },
);

test.serial('who takes no answer holds no room that others need', async (t) => {
  const waiting = async (): Promise<string | undefined> =>
    /^scorelane_http_queue_records (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
  const { hostname, port } = new URL(server.url);
  const body = `[${Array.from({ length: 16_000 }, () => '{}').join(',')}]`;
  const request = lines(
    ...['POST /v1/score/default HTTP/1.1', 'Host: x', 'Content-Type: application/json'],
    `Content-Length: ${body.length}`,
  );
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.pause();
  t.teardown(() => socket.destroy());
  // Answers fill all that is between the two, and one is stuck.
  await until(
    'its connection to be closed',
    async () => {
      if ((await waiting()) === '0') socket.write(request + body);
      return socket.destroyed;
    },
    20_000,
  );
  t.is(await waiting(), '0');
  t.true(await isUp());
});

test.serial('headers and bodies that are too large are refused, however their size is told', async (t) => {
  const post = [
    'POST /v1/score/default HTTP/1.1',
    'Host: x',
    'Connection: close',
    'Content-Type: application/json',
  ];
  const large = 'a'.repeat(70_000);
  const answers = await Promise.all([
    sent(lines('GET /livez HTTP/1.1', 'Host: x', `X: ${large}`)),
    sent(lines(`GET /${large} HTTP/1.1`, 'Host: x')),
    sent(lines(...post, 'Content-Length: 100000000')),
    sent(
      `${lines(...post, 'Transfer-Encoding: chunked')}${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    ),
  ]);
  t.deepEqual(
    answers.map((back) => statuses(back)[0]),
    ['431', '431', '413', '413'],
  );
  t.true(await isUp());
});

test.serial(
  'more connections than allowed are closed at once, and those that are there are served',
  async (t) => {
    const idle = Array.from({ length: 40 }, () => sent('GET /livez HTTP/1.1\r\nHost: x\r\n'));
    const closed = await Promise.race([
      Promise.any(idle.map((each) => each.then((back) => back === ''))),
      Promise.all(idle),
    ]);
    t.truthy(closed);
    await Promise.all(idle);
    t.true(await isUp());
  },
);

test.serial('names of prototypes in bodies change nothing, wherever they stand', async (t) => {
  const poison =
    '{"__proto__": {"isPolluted": true}, "constructor": {"prototype": {"isPolluted": true}}, "level": "info"}';
  const bodies = [
    poison,
    `[${poison}]`,
    `{"records": [${poison}]}`,
    `{"instances": [${poison}]}`,
    `{"inputs": ${poison}}`,
  ];
  const paths = [
    '/v1/score/default',
    '/v2/models/creditcard/infer',
    '/v1/models/creditcard:predict',
    '/admin/log-level',
    '/admin/models/default/promote',
    '/admin/models/default/rollback',
    '/admin/models/default/pin',
    '/admin/models/default/look',
  ];
  for (const path of paths)
    for (const body of bodies) {
      const answer = await fetch(server.url + path, {
        method: path === '/admin/log-level' ? 'PUT' : 'POST',
        body,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      });
      t.true(answer.status < 500, `${path} ${body}: ${answer.status}`);
      await answer.text();
    }
  t.is(({} as { isPolluted?: boolean }).isPolluted, undefined);
});

test.serial('nothing but what is served can be had by its path', async (t) => {
  for (const path of [
    '/../../../../etc/passwd',
    '/page/../package.json',
    '/page/..%2f..%2fpackage.json',
    '/page/%2e%2e/%2e%2e/package.json',
    '/page/....//package.json',
    '/page/page.js%00.css',
    '//etc/passwd',
    '/page//etc/passwd',
    '/page/%c0%ae%c0%ae/package.json',
    '/v1/score/__proto__',
    '/v2/models/constructor',
  ]) {
    const back = await sent(lines(`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close'));
    t.regex(statuses(back)[0] ?? '', /^4\d\d$/, `${path}: ${back.slice(0, 200)}`);
    t.false(/root:|"dependencies"/.test(back), path);
  }
});
