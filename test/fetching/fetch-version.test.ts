// A version from an archive of a server: whole in its place, or refused in words of its own, with
// nothing left behind.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import test from 'ava';
import { readManifest } from '../../src/model/manifest.ts';
import { run } from '../../tools/run.ts';
import { ArchiveServer, entriesOf, packed, sha256Of, tarOf } from '../support/archives.ts';
import { everythingIn, files, get, model, repository } from '../support/fetched.ts';
import { until } from '../support/until.ts';

test('an archive becomes a version, with the bytes of every file, and the daemon can read it', async (t) => {
  const server = await new ArchiveServer().start(t);
  for (const [what, body] of [
    ['files at the top', packed(files)],
    ['with ./ before them', packed(files.map((file) => ({ ...file, path: `./${file.path}` })))],
    [
      'in one folder',
      packed([{ path: 'fraud-7/', type: 'Directory' }, ...entriesOf(model.folder, 'fraud-7/')]),
    ],
    ['in two', packed(entriesOf(model.folder, 'cards/7/'))],
    ['not packed', tarOf(files)],
  ] as const) {
    const to = repository();
    server.give('/a', body);
    const { folder, isNew } = await get(server.url('/a'), to, body);
    t.true(isNew, what);
    t.is(folder, join(to, 'cards', '7'), what);
    for (const { path, content } of files)
      t.deepEqual(readFileSync(join(folder, path)), content as Buffer, path);
    t.is(readManifest(folder).version, '7');
    t.deepEqual(readdirSync(to), ['cards'], 'no draft is left');
    t.is(JSON.parse(readFileSync(join(folder, 'fetched.json'), 'utf8')).sha256, sha256Of(body));
  }
});

test('an archive that GNU tar has made is read', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const file = join(to, 'a.tar.gz');
  await run('tar', ['-czf', file, '-C', join(model.repository, 'cards'), '7']);
  const body = readFileSync(file);
  server.give('/a', body);
  t.is((await get(server.url('/a'), to, body)).version, '7');
});

test('the same archive again changes nothing and downloads nothing; another one under the same number is refused', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const [body, other] = [packed(files), tarOf(files)];
  server.give('/a', body);
  server.give('/b', other);
  await get(server.url('/a'), to, body);
  t.false((await get(server.url('/a'), to, body, { name: 'cards', version: '7' })).isNew);
  t.is(server.asked.length, 1, 'what is asked for by its name is not downloaded again');
  t.false((await get(server.url('/a'), to, body)).isNew);
  await t.throwsAsync(get(server.url('/b'), to, other), { message: /a version never changes/ });
  t.deepEqual(readdirSync(to), ['cards']);
});

test('another model or version than was asked for is refused', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const body = packed(files);
  server.give('/a', body);
  await t.throwsAsync(get(server.url('/a'), to, body, { name: 'others' }), {
    message: /expected name: others, as was asked for, found cards/,
  });
  await t.throwsAsync(get(server.url('/a'), to, body, { version: '8' }), {
    message: /expected version: 8, as was asked for, found 7/,
  });
  t.deepEqual(everythingIn(to), []);
});

test('bytes with another checksum are refused before they are unpacked, and a page is called one', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const sha256 = '0'.repeat(64);
  server.give('/a', packed(files));
  await t.throwsAsync(get(server.url('/a'), to, packed(files), { sha256 }), {
    message: /expected the SHA-256 0{64}, found [0-9a-f]{64} of \d+ bytes$/,
  });
  server.give('/a', '<html>Please log in</html>', { 'content-type': 'text/html' });
  await t.throwsAsync(get(server.url('/a'), to, packed(files), { sha256 }), { message: /a page of HTML/ });
  t.deepEqual(everythingIn(to), []);
});

test('an archive that is too large is given up by what the server says, and else by what has come', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const body = Buffer.alloc(2 ** 20);
  server.give('/told', body, { 'content-length': String(body.length) });
  const endless = (_: unknown, response: import('node:http').ServerResponse): void => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(2 ** 14)));
    };
    response.on('drain', more);
    more();
  };
  server.answers.set('/endless', endless);
  for (const path of ['/told', '/endless'])
    await t.throwsAsync(get(server.url(path), to, body, { bytesMax: 2 ** 16 }), {
      message: /expected at most 65536 bytes, found more/,
    });
  t.deepEqual(everythingIn(to), []);
});

test('what a server cannot do now is asked for again, and what it refuses is not', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const body = packed(files);
  let fails = 2;
  server.answers.set('/a', (_, response) => {
    if (fails-- > 0) response.writeHead(503).end();
    else response.end(body);
  });
  t.true((await get(server.url('/a'), to, body)).isNew);
  t.is(server.asked.length, 3);
  for (const [status, message] of [
    [401, /answers 401: the token is not what it wants/],
    [404, /answers 404: there is no such file/],
    [418, /expected status 200, found 418/],
  ] as const) {
    server.asked.length = 0;
    server.answers.set('/b', (_, response) => response.writeHead(status).end());
    await t.throwsAsync(get(server.url('/b'), to, body), { message, code: 'SCORELANE_MODEL_SOURCE' });
    t.is(server.asked.length, 1);
  }
  server.asked.length = 0;
  server.answers.set('/b', (_, response) => response.writeHead(500).end());
  await t.throwsAsync(get(server.url('/b'), to, body), { message: /answers 500: it cannot now/ });
  t.is(server.asked.length, 4);
});

test('a body that breaks off is fetched again from its beginning', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const body = packed(files);
  let breaks = 1;
  server.answers.set('/a', (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    if (breaks-- > 0) response.write(body.subarray(0, 100), () => response.destroy());
    else response.end(body);
  });
  t.true((await get(server.url('/a'), to, body)).isNew);
  t.is(server.asked.length, 2);
});

test('a fetch that is ended leaves nothing behind', async (t) => {
  const server = await new ArchiveServer().start(t);
  const to = repository();
  const body = packed(files);
  server.answers.set('/a', (_, response) => void response.write(body.subarray(0, 100)));
  const ending = new AbortController();
  const work = get(server.url('/a'), to, body, { signal: ending.signal });
  await until('the request', () => server.asked.length > 0);
  ending.abort(new Error('the job ends'));
  await t.throwsAsync(work, { message: 'the job ends' });
  t.deepEqual(everythingIn(to), []);
});

test('redirects are followed, a few of them, and the token goes to no other server', async (t) => {
  const [server, other] = await Promise.all([new ArchiveServer().start(t), new ArchiveServer().start(t)]);
  const to = repository();
  const body = packed(files);
  const redirect = (from: ArchiveServer, path: string, target: string): void =>
    void from.answers.set(path, (_, response) => response.writeHead(302, { location: target }).end());
  redirect(server, '/a', '/b');
  redirect(server, '/b', other.url('/c?signature=of-a-storage').href);
  other.give('/c', body);
  const { folder } = await get(server.url('/a?key=canary'), to, body, { token: 'canary' });
  t.deepEqual(
    [...server.asked, ...other.asked].map(({ headers }) => headers.authorization),
    ['Bearer canary', 'Bearer canary', undefined],
  );
  t.false(readFileSync(join(folder, 'fetched.json'), 'utf8').includes('canary'), 'a signature is not kept');
  redirect(server, '/round', '/round');
  const error = await t.throwsAsync(get(server.url('/round?key=canary'), to, body, { token: 'canary' }));
  t.regex(error.message, /at most 5 redirects/);
  t.false(error.message.includes('canary'));
  redirect(server, '/file', 'file:///etc/passwd');
  await t.throwsAsync(get(server.url('/file'), to, body), { message: /redirect to an address of HTTP/ });
});

test('over https the server must be one that is trusted, and it must stay https', async (t) => {
  const to = repository();
  const [cert, key] = [join(to, 'c.pem'), join(to, 'c.key')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=models'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  const authority = readFileSync(cert, 'utf8');
  const server = await new ArchiveServer({ cert: authority, key: readFileSync(key, 'utf8') }).start(t);
  const plain = await new ArchiveServer().start(t);
  const body = packed(files);
  server.give('/a', body);
  await t.throwsAsync(get(server.url('/a'), to, body), { message: /its certificate is not trusted here/ });
  server.answers.set('/b', (_, response) =>
    response.writeHead(301, { location: plain.url('/a').href }).end(),
  );
  await t.throwsAsync(get(server.url('/b'), to, body, { authority }), {
    message: /expected https to stay https, found a redirect to http:/,
  });
  t.is(plain.asked.length, 0);
  t.true((await get(server.url('/a'), to, body, { authority, token: 'Basic canary' })).isNew);
  t.is(server.asked.at(-1)?.headers.authorization, 'Basic canary');
  // From here on every program here trusts that certificate.
  const trusted = getCACertificates();
  t.teardown(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, authority]);
  t.true((await get(server.url('/a'), repository(), body)).isNew);
  await t.throwsAsync(
    get(server.url('/a'), repository(), body, { authority: '' }),
    { message: /its certificate is not trusted here/ },
    'a file of authorities that is written at this moment names none',
  );
});
