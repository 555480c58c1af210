// What a registry is asked, and what its answers mean: a schema, that there is none, that it is of
// another kind, or no answer at all.

import test from 'ava';
import { parseSchema, SchemaError } from '../../src/codec/avro-schema.ts';
import { whyNoAnswer } from '../../src/codec/no-answer.ts';
import { RegistryError, type RegistryOptions, SchemaRegistry, waitMsMax } from '../../src/codec/registry.ts';
import { type RegistryRequest, registryServer } from '../support/registry-server.ts';

type Answer = Parameters<typeof registryServer>[0];

/** Asks a registry with these answers; also what it was asked, in order. */
async function asking<Found>(
  answer: Answer,
  ask: (registry: SchemaRegistry) => Promise<Found>,
  options: Partial<RegistryOptions> = {},
): Promise<{ readonly found: Found; readonly asked: readonly RegistryRequest[] }> {
  const asked: RegistryRequest[] = [];
  using server = await registryServer((request) => {
    asked.push(request);
    return answer(request);
  });
  const registry = new SchemaRegistry({ url: `${server.url}/`, timeoutMs: 10_000, ...options });
  return { found: await ask(registry), asked };
}

const message = (found: unknown): string => {
  if (!(found instanceof SchemaError)) throw new Error('it is no error of the schema');
  return found.message;
};

test('a schema is asked for by its number or its GUID, with name and password where there are any', async (t) => {
  const { found, asked } = await asking(
    () => ({ schema: '"int"' }),
    async (registry) => [await registry.schema(7), await registry.schema('a-guid')],
    { username: 'me', password: 'pass' },
  );
  t.deepEqual(found, [
    { schema: '"int"', references: [] },
    { schema: '"int"', references: [] },
  ]);
  t.deepEqual(
    asked.map(({ method, path }) => `${method} ${path}`),
    ['GET /schemas/ids/7', 'GET /schemas/guids/a-guid'],
  );
  t.true(
    asked.every(
      ({ authorization }) => authorization === `Basic ${Buffer.from('me:pass').toString('base64')}`,
    ),
  );
  const alone = await asking(
    () => ({ schema: '"int"', schemaType: 'AVRO' }),
    (registry) => registry.schema(7),
  );
  t.is(alone.asked[0]?.authorization, undefined);
  const nameless = await asking(
    () => ({ schema: '"int"' }),
    (registry) => registry.schema(7),
    { username: 'me' },
  );
  t.is(nameless.asked[0]?.authorization, `Basic ${Buffer.from('me:').toString('base64')}`);
});

test('those that it refers to come before it, asked for by subject and version, also deleted ones', async (t) => {
  const field = (name: string, type: string) =>
    JSON.stringify({ type: 'record', name, fields: [{ name: 'f', type }] });
  const { found, asked } = await asking(
    ({ path }) =>
      path.startsWith('/schemas')
        ? {
            schema: field('A', 'B'),
            references: [
              { name: 'B', subject: 'b/1', version: 3 },
              { name: 'C', subject: 'c', version: 1 },
            ],
          }
        : path.includes('b%2F1')
          ? { schema: field('B', 'C'), references: [{ name: 'C', subject: 'c', version: 1 }] }
          : { schema: field('C', 'int') },
    (registry) => registry.schema(7),
  );
  t.deepEqual(
    asked.map(({ path }) => path),
    ['/schemas/ids/7', '/subjects/b%2F1/versions/3?deleted=true', '/subjects/c/versions/1?deleted=true'],
  );
  t.notThrows(() => parseSchema(found as Exclude<typeof found, SchemaError>));
});

test('what it does not have, or has of another kind, is an error of the schema and not of the registry', async (t) => {
  const wrong = async (answer: Answer, id: number | string = 7) =>
    message((await asking(answer, (registry) => registry.schema(id))).found);
  t.is(await wrong(() => [404, { error_code: 40403, message: 'no' }]), 'the registry has no schema 7');
  t.regex(
    await wrong(() => [404, 'not json'], 'a-guid'),
    /^the registry has no schema with the GUID a-guid, which stands in the header/,
  );
  t.is(
    await wrong(() => ({ schema: '{}', schemaType: 'PROTOBUF' })),
    'schema 7 is of type PROTOBUF, not Avro',
  );
  for (const code of [40401, 40402]) {
    const words = await wrong(({ path }) =>
      path.startsWith('/schemas')
        ? { schema: '"x"', references: [{ name: 'x', subject: 's', version: 2 }] }
        : [404, { error_code: code }],
    );
    t.is(words, 'a schema refers to one that the registry does not have: schema 7 -> version 2 of s');
  }
});

test('schemas may refer to each other sixteen deep, and no deeper', async (t) => {
  const chainOf = (depth: number) =>
    asking(
      ({ path }) => {
        const level = Number(/subjects\/(\d+)\//.exec(path)?.[1] ?? 0);
        const next = { name: 'n', subject: String(level + 1), version: 1 };
        return { schema: '"int"', references: level < depth ? [next] : [] };
      },
      (registry) => registry.schema(7),
    );
  const most = await chainOf(16);
  t.is((most.found as { readonly references: readonly string[] }).references.length, 16);
  t.regex(
    message((await chainOf(17)).found),
    /^schemas refer to each other more than 16 deep: schema 7 -> version 1 of 1 -> /,
  );
});

test('an answer that is none is asked for again, a few times and not at once', async (t) => {
  let count = 0;
  const startedAt = performance.now();
  const { found, asked } = await asking(
    () => (++count < 2 ? [500, 'busy'] : { schema: '"int"' }),
    (registry) => registry.schema(7),
  );
  t.deepEqual(found, { schema: '"int"', references: [] });
  t.is(asked.length, 2);
  t.true(performance.now() - startedAt >= 395, 'it waits before it asks again');
});

test('where all tries fail the registry is named, with the reason', async (t) => {
  const failing = (answer: Answer, ask: (registry: SchemaRegistry) => Promise<unknown>) => {
    let count = 0;
    return asking(
      (request) => {
        count++;
        return answer(request);
      },
      async (registry) => ({
        error: await t.throwsAsync(() => ask(registry), { instanceOf: RegistryError }),
        count,
      }),
    );
  };
  const [elsewhere, noSchema, noRight, badPut] = await Promise.all([
    failing(
      () => [404, 'nothing here'],
      (registry) => registry.schema(7),
    ),
    failing(
      () => ({}),
      (registry) => registry.schema(7),
    ),
    failing(
      () => [403, {}],
      (registry) => registry.register('s', '"int"', 'NONE'),
    ),
    failing(
      ({ method }) => (method === 'PUT' ? {} : [500, {}]),
      (registry) => registry.register('s', '"int"', 'NONE'),
    ),
  ]);
  t.regex(
    elsewhere.found.error?.message ?? '',
    /^no answer from the schema registry at http:\S+: \/schemas\/ids\/7 answers 404$/,
  );
  t.regex(noSchema.found.error?.message ?? '', /answers without a schema$/);
  t.regex(
    noRight.found.error?.message ?? '',
    /\/config\/s answers 403: registry.username and registry.password are not what it wants$/,
  );
  t.regex(badPut.found.error?.message ?? '', /\/subjects\/s\/versions answers 500$/);
  t.deepEqual(
    [elsewhere, noSchema, noRight].map(({ found }) => found.count),
    [3, 3, 3],
  );
});

test('a registry that takes too long is told from one that is not there', async (t) => {
  t.is(waitMsMax({ timeoutMs: 20 }), 60);
  const registry = new SchemaRegistry({ url: 'http://127.0.0.1:1', timeoutMs: 20 });
  const error = await t.throwsAsync(() => registry.schema(7), { instanceOf: RegistryError });
  t.regex(error?.message ?? '', /the connection is refused|longer than registry.timeout, 20 ms/);
});

test('a schema is registered under a subject with its compatibility, and has a number then', async (t) => {
  const { found, asked } = await asking(
    ({ method }) => (method === 'PUT' ? {} : { id: 12 }),
    (registry) => registry.register('a/b', '"int"', 'BACKWARD'),
  );
  t.is(found, 12);
  t.deepEqual(
    asked.map(({ method, path, body }) => [method, path, body]),
    [
      ['PUT', '/config/a%2Fb', { compatibility: 'BACKWARD' }],
      ['POST', '/subjects/a%2Fb/versions', { schema: '"int"' }],
    ],
  );
  for (const [status, body, words] of [
    [409, { message: 'not compatible' }, 'not compatible'],
    [422, { error_code: 42201 }, '{"error_code":42201}'],
    [409, 'plain words', 'plain words'],
  ] as const) {
    const refused = await asking(
      ({ method }) => (method === 'PUT' ? {} : [status, body]),
      (registry) => registry.register('s', '"int"', 'NONE'),
    );
    t.is(message(refused.found), words);
  }
});

const coded = (code: string, said: string, more: object = {}): Error =>
  Object.assign(new Error(said), { code, ...more });

test('the innermost reason that is known is said, with its code; else the innermost that says anything', (t) => {
  const refused = coded('ECONNREFUSED', 'connect ECONNREFUSED');
  t.is(
    whyNoAnswer(new TypeError('fetch failed', { cause: refused })),
    'the connection is refused: nothing listens there (ECONNREFUSED, connect ECONNREFUSED)',
  );
  t.is(
    whyNoAnswer(coded('ECONNRESET', '')),
    'the connection was closed before there was an answer (ECONNRESET)',
  );
  const several = Object.assign(new AggregateError([refused], ''), { code: undefined });
  t.regex(whyNoAnswer(new TypeError('fetch failed', { cause: several })), /^the connection is refused/);
  t.is(
    whyNoAnswer(new TypeError('fetch failed', { cause: coded('EUNKNOWN', 'what nobody knows') })),
    'what nobody knows',
  );
  t.is(whyNoAnswer(new TypeError('fetch failed', { cause: new Error('') })), 'fetch failed');
  t.is(whyNoAnswer(new Error('outer', { cause: 'text' })), 'outer');
});
