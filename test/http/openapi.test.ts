// The document of OpenAPI says all that the server has, and the server keeps to it.

import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import { apiPathOf } from '../../src/http/openapi.ts';
import type { HttpThread } from '../../src/http-thread/http-thread.ts';
import { ensureSchemathesis } from '../../tools/linters.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { demoConfig } from '../support/config.ts';
import { repositoryOf } from '../support/versions.ts';

const TOKEN = 'a-token-of-more-than-sixteen';
const config = demoConfig(
  ...['http.listen=127.0.0.1:0', `http.adminToken=${TOKEN}`, 'model.name=creditcard', 'input.format=json'],
  'output.format=json',
  // A copy: labels are moved in it.
  `model.repository=${repositoryOf('creditcard')}`,
);
const logger = pino({ level: 'fatal' }, new Writable({ write: (_, __, done) => done() }));
const job = newJob('default');
const serve = (http: Partial<typeof config.http> = {}): Promise<HttpThread> =>
  serveHttp({ http: { ...config.http, ...http } }, [job], {
    logger,
    isGiven: () => true,
    drain: () => {},
  }) as Promise<HttpThread>;
let server: HttpThread;

test.before(async () => {
  server = await serve();
  job.daemon = await Daemon.start(config, {
    ...{ logger, failFast: true },
    onFatal: (error) => {
      throw error;
    },
  });
});
test.after.always(async () => {
  await job.daemon?.stop();
  await server.stop();
});

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

const documentOf = async ({ url }: HttpThread): Promise<Document> =>
  (await (await fetch(`${url}/openapi.json`)).json()) as Document;
const operationsIn = ({ paths }: Document): string[] =>
  Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .toSorted();
const operationsOf = ({ routes }: HttpThread): string[] =>
  [...new Set(routes.map(({ method, url }) => `${method} ${apiPathOf(method, url)}`))].toSorted();

test('the document has each path and method of the server, and no other', async (t) => {
  const document = await documentOf(server);
  const found = operationsIn(document);
  t.true(found.length > 25, `${found.length} operations`);
  t.deepEqual(found, operationsOf(server));
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  t.is(new Set(ids).size, ids.length);
});

test('what is switched off is not in the document', async (t) => {
  const small = await serve({ page: false, inference: false });
  t.teardown(() => small.stop());
  const found = operationsIn(await documentOf(small));
  t.deepEqual(found, operationsOf(small));
  t.false(found.some((each) => /\/v[12]|\/page|\/events/.test(each)));
  t.true(found.includes('GET /readyz'));
});

/** By the ids of the document, with the reason. */
const NOT_ASKED = {
  drain: 'it would end the process',
  dump: 'each writes a file',
  events: 'it is a stream without end',
  openApi: 'it is the document that schemathesis reads, which it leaves out by itself',
};
const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_schema_conformance', 'unsupported_method'],
];
/** More of them: `HTTP_FUZZ_EXAMPLES=1000 HTTP_FUZZ_SEED=7 npx ava test/http/openapi.test.ts`. */
const { HTTP_FUZZ_EXAMPLES: EXAMPLES = '15', HTTP_FUZZ_SEED: SEED = '1' } = process.env;

/** Rejects with what it found. Names are those that are there, or any. */
async function fuzz(url: string, names: Readonly<Record<string, string>>): Promise<string> {
  const schemathesis = await ensureSchemathesis();
  const folder = tempFolder('openapi');
  const lines = Object.entries(names).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  writeFileSync(join(folder, 'schemathesis.toml'), `[parameters]\n${lines.join('')}`);
  return run(
    schemathesis,
    [
      ...[
        'run',
        `${url}/openapi.json`,
        '--checks',
        CHECKS.join(','),
        '--phases',
        'examples,coverage,fuzzing',
      ],
      ...['--max-examples', EXAMPLES, '--seed', SEED, '--generation-database', 'none', '--no-shrink'],
      ...['--no-color', '--continue-on-failure', '--header', `Authorization: Bearer ${TOKEN}`],
      ...Object.keys(NOT_ASKED).flatMap((id) => ['--exclude-operation-id', id]),
    ],
    { cwd: folder },
  );
}

test('a method that a path has not is 405 with those it has, TRACE and QUERY too', async (t) => {
  const { hostname, port } = new URL(server.url);
  for (const method of ['TRACE', 'QUERY', 'OPTIONS', 'DELETE']) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ hostname, port, method, path: '/livez' }, resolve).on('error', reject).end();
    });
    answer.resume();
    t.is(answer.statusCode, 405, method);
    t.is(answer.headers.allow, 'GET, HEAD');
  }
});

test('a verb of TensorFlow Serving belongs to the path: with it there is POST, without it GET', async (t) => {
  for (const [method, path, allow] of [
    ['GET', '/v1/models/creditcard:predict', 'POST'],
    ['PUT', '/v1/models/creditcard/versions/1:predict', 'POST'],
    ['POST', '/v1/models/creditcard', 'GET, HEAD'],
    ['DELETE', '/v1/models/creditcard/versions/1', 'GET, HEAD'],
    ['POST', '/v1/models/creditcard/metadata', 'GET, HEAD'],
  ] as const) {
    const answer = await fetch(`${server.url}${path}`, { method });
    t.is(answer.status, 405, path);
    t.is(answer.headers.get('allow'), allow, path);
  }
  const other = await fetch(`${server.url}/v1/models/creditcard:classify`, { method: 'POST' });
  t.is(other.status, 404);
});

test('the examples of the document are scored', async (t) => {
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, { post?: { requestBody?: { content: Record<string, { example?: unknown }> } } }>;
  };
  const examples = Object.entries(paths).flatMap(([path, { post }]) => {
    const example = post?.requestBody?.content['application/json']?.example;
    return example === undefined ? [] : [[path, example] as const];
  });
  t.is(examples.length, 5);
  const names = { job: 'default', model: 'creditcard', version: '1' };
  for (const [path, example] of examples) {
    const asked = Object.entries(names).reduce((url, [name, value]) => url.replace(`{${name}}`, value), path);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(example);
    const answer = await fetch(`${server.url}${asked}`, { method: 'POST', headers, body });
    t.is(answer.status, 200, `${path}: ${await answer.text()}`);
  }
});

test('whatever the document allows is answered as it says, and never by a fault', async (t) => {
  t.timeout(3_600_000);
  const names = { job: 'default', model: 'creditcard', version: '1' };
  const said = await fuzz(server.url, names);
  const asked = operationsOf(server).length - Object.keys(NOT_ASKED).length;
  t.regex(said, new RegExp(`Tested: +${asked}\\n`));
  t.is((await fetch(`${server.url}/v2/health/ready`)).status, 200);
});
