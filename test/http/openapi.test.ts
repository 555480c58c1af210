// The document of OpenAPI says all that the server has, and the server keeps to it.

import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import { apiPathOf } from '../../src/http/openapi.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { demoConfig } from '../support/config.ts';

const TOKEN = 'a-token-of-more-than-sixteen';
const config = demoConfig(
  ...['http.listen=127.0.0.1:0', `http.adminToken=${TOKEN}`, 'model.name=creditcard', 'input.format=json'],
  'output.format=json',
);
const logger = pino({ level: 'fatal' }, new Writable({ write: (_, __, done) => done() }));
const job = newJob('default');
const serve = (http: Partial<typeof config.http> = {}): Promise<HttpServer> =>
  serveHttp({ http: { ...config.http, ...http } }, [job], {
    logger,
    isGiven: () => true,
    drain: () => {},
  }) as Promise<HttpServer>;
let server: HttpServer;

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

const documentOf = async ({ url }: HttpServer): Promise<Document> =>
  (await (await fetch(`${url}/openapi.json`)).json()) as Document;
const operationsIn = ({ paths }: Document): string[] =>
  Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .toSorted();
const operationsOf = ({ routes }: HttpServer): string[] =>
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
