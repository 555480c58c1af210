// A schema registry as it may be: schemas that refer to others, in circles or without an end, and
// no answer for reasons that can be named. What a real one does is in test/system/avro.test.ts.

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseSchema, SchemaError } from '../../src/codec/avro-schema.ts';
import {
  REFERENCES_DEPTH_MAX,
  REFERENCES_MAX,
  RegistryError,
  SchemaRegistry,
} from '../../src/codec/registry.ts';
import { freePort } from '../../tools/broker.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

async function listening(t: ExecutionContext, server: Server): Promise<number> {
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const registryAt = (url: string, timeoutMs = 5_000): SchemaRegistry => new SchemaRegistry({ url, timeoutMs });

/** A registry with these answers by path; all else it does not have. Also what it was asked. */
async function serving(t: ExecutionContext, answers: Readonly<Record<string, object>>) {
  const asked: string[] = [];
  const port = await listening(
    t,
    createServer(({ url = '' }, response) => {
      const path = url.replace(/\?.*$/, '');
      asked.push(path);
      const [code] = path.startsWith('/schemas/ids') ? [40403] : [40402];
      const found = answers[path];
      response.writeHead(found === undefined ? 404 : 200);
      response.end(JSON.stringify(found ?? { error_code: code, message: 'not found' }));
    }),
  );
  return { registry: registryAt(`http://127.0.0.1:${port}`), asked };
}

const refers = (...subjects: string[]) =>
  subjects.map((subject) => ({ name: `n.${subject}`, subject, version: 1 }));
const record = (name: string, ...types: string[]): string =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'n',
    fields: types.map((type, index) => ({ name: `f${index}`, type: `n.${type}` })),
  });
const at = (subject: string): string => `/subjects/${subject}/versions/1`;

test('schemas that a schema refers to are fetched, each once, and stand before those that need them', async (t) => {
  const { registry, asked } = await serving(t, {
    '/schemas/ids/7': { schema: record('Top', 'a', 'b'), references: refers('a', 'b') },
    [at('a')]: { schema: record('a', 'c'), references: refers('c') },
    [at('b')]: { schema: record('b', 'c'), references: refers('c') },
    [at('c')]: { schema: record('c') },
  });
  const found = await registry.schema(7);
  t.deepEqual(found, {
    schema: record('Top', 'a', 'b'),
    references: [record('c'), record('a', 'c'), record('b', 'c')],
  });
  t.deepEqual(asked, ['/schemas/ids/7', at('a'), at('c'), at('b')]);
  const type = parseSchema(found as Exclude<typeof found, SchemaError>);
  t.like(type, {
    kind: 'record',
    name: 'n.Top',
    fields: [{ type: { name: 'n.a' } }, { type: { name: 'n.b' } }],
  });
});

test('a circle, too many, too deep, and one that is not there are errors of the schema that name the way', async (t) => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, index) => [
        at(`s${index}`),
        { schema: record(`s${index}`), references: refers(`s${index + 1}`) },
      ]),
    );
  const many = Array.from({ length: REFERENCES_MAX + 1 }, (_, index) => `m${index}`);
  const { registry } = await serving(t, {
    '/schemas/ids/1': { schema: record('Top'), references: refers('a') },
    [at('a')]: { schema: record('a'), references: refers('b') },
    [at('b')]: { schema: record('b'), references: refers('a') },
    '/schemas/ids/2': { schema: record('Top'), references: refers('s0') },
    ...chain(REFERENCES_DEPTH_MAX + 1),
    '/schemas/ids/3': { schema: record('Top'), references: refers(...many) },
    ...Object.fromEntries(many.map((name) => [at(name), { schema: record(name) }])),
    '/schemas/ids/4': { schema: record('Top'), references: refers('gone') },
    '/schemas/ids/5': { schema: record('Top'), references: refers('proto') },
    [at('proto')]: { schema: 'message A {}', schemaType: 'PROTOBUF' },
  });
  const words = async (id: number): Promise<string> => {
    const found = await registry.schema(id);
    t.true(found instanceof SchemaError);
    return (found as SchemaError).message;
  };
  const circle = 'schema 1 -> version 1 of a -> version 1 of b -> version 1 of a';
  t.is(await words(1), `schemas refer to each other in a circle: ${circle}`);
  t.regex(await words(2), /^schemas refer to each other more than 16 deep: schema 2 -> version 1 of s0 -> /);
  t.is(await words(3), 'schema 3 refers to more than 100 others');
  t.is(
    await words(4),
    'a schema refers to one that the registry does not have: schema 4 -> version 1 of gone',
  );
  t.is(await words(5), 'version 1 of proto is of type PROTOBUF, not Avro');
  t.is(await words(6), 'the registry has no schema 6');
});

test('a schema is asked for by its GUID; a registry that does not know it says what to set at the producer', async (t) => {
  const guid = '89791762-2336-4186-9674-299b90a802e2';
  const { registry } = await serving(t, { [`/schemas/guids/${guid}`]: { schema: '"int"' } });
  t.deepEqual(await registry.schema(guid), { schema: '"int"', references: [] });
  const other = (await registry.schema(guid.replace('8', '9'))) as SchemaError;
  t.regex(
    other.message,
    /no schema with the GUID 99791762.*__value_schema_id.*value\.schema\.id\.serializer=/,
  );
});

/** With a certificate that nobody trusts. */
async function secure(listener: RequestListener): Promise<Server> {
  const store = join(tempFolder('tls'), 'store.p12');
  const passphrase = 'not-secret';
  const where = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', passphrase];
  await run('keytool', [
    '-genkeypair',
    ...where,
    '-keyalg',
    'RSA',
    '-alias',
    'own',
    '-dname',
    'CN=localhost',
  ]);
  return createSecureServer({ pfx: readFileSync(store), passphrase }, listener);
}

test('no answer is an error that says why: refused, not found, certificate, no TLS, closed, too late, no right', async (t) => {
  const why = async (url: string, timeoutMs?: number): Promise<string> => {
    const error = await t.throwsAsync(registryAt(url, timeoutMs).schema(1), { instanceOf: RegistryError });
    const words = error?.message ?? '';
    t.true(words.startsWith(`no answer from the schema registry at ${url}: `), words);
    return words.slice(words.indexOf(url) + url.length + 2);
  };
  const nobody = await freePort();
  t.regex(await why(`http://127.0.0.1:${nobody}`), /refused.*ECONNREFUSED/);
  t.regex(await why(`http://localhost:${nobody}`), /refused.*ECONNREFUSED/);
  t.regex(await why('http://registry.invalid:80'), /host is not found.*(ENOTFOUND|EAI_AGAIN)/);
  const tls = await listening(t, await secure((_, response) => void response.end()));
  t.regex(
    await why(`https://localhost:${tls}`),
    /not trusted.*NODE_EXTRA_CA_CERTS.*DEPTH_ZERO_SELF_SIGNED_CERT/,
  );
  const closing = await listening(
    t,
    createServer(({ socket }) => void socket.destroy()),
  );
  t.regex(await why(`http://127.0.0.1:${closing}`), /closed before there was an answer/);
  t.regex(await why(`https://127.0.0.1:${closing}`), /speaks no TLS|EPROTO/);
  const silent = await listening(
    t,
    createServer(() => {}),
  );
  t.is(await why(`http://127.0.0.1:${silent}`, 50), 'it takes longer than registry.timeout, 50 ms');
  const strict = await listening(
    t,
    createServer((_, response) => void response.writeHead(401).end()),
  );
  t.regex(await why(`http://127.0.0.1:${strict}`), /schemas\/ids\/1 answers 401: registry\.username and/);
});
