// HTTP over TLS: with a certificate of its own, for clients that show one if they must, and taken
// anew when it was replaced.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { wrongFiles } from '../../src/config/files.ts';
import { readTls, renewTls, type TlsFiles } from '../../src/http/tls.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { demoConfig } from '../support/config.ts';
import { Program } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const folder = tempFolder('tls');
const inFolder = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(inFolder(name), 'utf8');

/** Signs itself. */
async function certificate(name: string): Promise<void> {
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-days', '2', '-subj', `/CN=${name}`],
    ...[
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      inFolder(`${name}.key`),
      '-out',
      inFolder(`${name}.pem`),
    ],
    ...['-passout', `pass:canary-of-${name}`],
  ]);
}

test.before(async () => {
  await Promise.all(['server', 'renewed', 'client', 'stranger'].map(certificate));
});

/** The answer's status, and who answered; rejects where no connection is made. */
function ask(
  url: string,
  path: string,
  options: object,
): Promise<{ readonly status: number; readonly by: string }> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { agent: false, ...options }, (answer) => {
      const { subject } = (answer.socket as TLSSocket).getPeerCertificate();
      answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, by: String(subject.CN) }));
    })
      .on('error', reject)
      .end();
  });
}

test('run serves https alone, to clients with a certificate where one is wanted, and writes no password anywhere', async (t) => {
  const settings = [
    ...['http.listen=127.0.0.1:0', `http.tlsCertificate=${inFolder('server.pem')}`],
    ...[`http.tlsKey=${inFolder('server.key')}`, `http.tlsClientAuthority=${inFolder('client.pem')}`],
    ...['model.backend=wasm', 'scoring.workers=1'],
  ];
  const program = new Program(
    ['run', '--config', 'config/demo.yaml', ...settings.flatMap((each) => ['--set', each])],
    { SCORELANE_HTTP_TLS_KEY_PASSWORD: 'canary-of-server' },
  );
  await program.says(/http at https:\S+\d: /);
  const [, url = ''] = /http at (https:\S+\d): /.exec(program.out) ?? [];
  const known = {
    ca: read('server.pem'),
    cert: read('client.pem'),
    key: read('client.key'),
    passphrase: 'canary-of-client',
  };
  t.deepEqual(await ask(url, '/livez', known), { status: 200, by: 'server' });
  await t.throwsAsync(ask(url, '/livez', { ca: known.ca }), undefined, 'without a certificate');
  const stranger = {
    cert: read('stranger.pem'),
    key: read('stranger.key'),
    passphrase: 'canary-of-stranger',
  };
  await t.throwsAsync(
    ask(url, '/livez', { ca: known.ca, ...stranger }),
    undefined,
    'with that of a stranger',
  );
  await t.throwsAsync(fetch(url.replace('https', 'http')), undefined, 'without encryption');
  const { code, out } = await program.stop();
  t.is(code, 0);
  t.false(out.includes('canary-of'), out);
});

/** A server whose files are looked at all the time, and what it says of them. */
async function renewing(t: ExecutionContext, files: TlsFiles) {
  const requestCert = files.clientAuthority !== undefined;
  const server = createServer({ ...readTls(files), requestCert }, (socket) =>
    socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const told: string[] = [];
  const cancel = renewTls(server, files, ({ message }) => told.push(message), 2);
  t.teardown(() => {
    cancel();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as { port: number }).port}`, told };
}

test('files that were replaced are taken for new connections; of those that cannot be used it is told once, and the ones of before stay', async (t) => {
  for (const each of ['server', 'renewed'])
    for (const kind of ['pem', 'key'])
      writeFileSync(inFolder(`now-${each}.${kind}`), read(`${each}.${kind}`));
  await run('openssl', [
    ...[
      'pkey',
      '-in',
      inFolder('server.key'),
      '-passin',
      'pass:canary-of-server',
      '-out',
      inFolder('used.key'),
    ],
  ]);
  await run('openssl', [
    ...[
      'pkey',
      '-in',
      inFolder('renewed.key'),
      '-passin',
      'pass:canary-of-renewed',
      '-out',
      inFolder('next.key'),
    ],
  ]);
  writeFileSync(inFolder('used.pem'), read('server.pem'));
  const files = { certificate: inFolder('used.pem'), key: inFolder('used.key') };
  const { url, told } = await renewing(t, files);
  const by = async (): Promise<string> => (await ask(url, '/', { rejectUnauthorized: false })).by;
  t.is(await by(), 'server');
  // The certificate comes first, as when somebody copies them by hand.
  writeFileSync(inFolder('used.pem'), read('renewed.pem'));
  await until('the trouble', () => told.length > 0);
  t.is(await by(), 'server');
  renameSync(inFolder('next.key'), inFolder('used.key'));
  await until('the new one', async () => (await by()) === 'renewed');
  t.is(told.length, 1);
});

test('files that are empty or end in the middle, as while somebody writes them, are told and not taken', async (t) => {
  const names = ['cut.pem', 'cut.key', 'cut-clients.pem'] as const;
  const whole = ['server.pem', 'server.key', 'client.pem'].map(read);
  const write = (texts: readonly string[]): void =>
    names.forEach((name, index) => {
      writeFileSync(inFolder(`${name}.new`), texts[index] as string);
      renameSync(inFolder(`${name}.new`), inFolder(name));
    });
  write(whole);
  const [certificate, key, clientAuthority] = names.map(inFolder) as [string, string, string];
  const files = { certificate, key, clientAuthority, keyPassword: 'canary-of-server' };
  const { url, told } = await renewing(t, files);
  const client = { cert: read('client.pem'), key: read('client.key'), passphrase: 'canary-of-client' };
  const cuts = [
    ...names.map((name, index) => [name, whole.map((text, each) => (each === index ? '' : text))] as const),
    ...names.map(
      (name, index) =>
        [name, whole.map((text, each) => (each === index ? text.slice(0, 400) : text))] as const,
    ),
    // All of them at once, as on a disk that is full.
    [names[0], ['', '', '']] as const,
  ];
  for (const [name, texts] of cuts) {
    const before = told.length;
    write(texts);
    await until(`${name} to be told`, () => told.length > before);
    t.true(told.at(-1)?.startsWith(`${inFolder(name)}: expected a whole PEM file`), told.at(-1));
    t.is((await ask(url, '/', { ...client, ca: read('server.pem') })).by, 'server', told.at(-1));
  }
  const before = told.length;
  let isWhole = false;
  await until('the same trouble to be told again when it was over in between', () => {
    isWhole = !isWhole;
    write(isWhole ? whole : ['', '', '']);
    return told.length > before;
  });
});

test('a certificate without its key, a key of another, a wrong password, no PEM: each is told with its key', (t) => {
  const wrong = (...settings: string[]): string[] =>
    wrongFiles(demoConfig(...settings)).map(({ key, message }) => `${key}: ${message}`);
  const files = (cert: string, key: string): string[] => [
    `http.tlsCertificate=${inFolder(cert)}`,
    `http.tlsKey=${inFolder(key)}`,
  ];
  t.throws(() => demoConfig(`http.tlsKey=${inFolder('server.key')}`), {
    message: /http\.tlsCertificate: expected a file/,
  });
  t.throws(() => demoConfig(`http.tlsCertificate=${inFolder('server.pem')}`), {
    message: /http\.tlsKey: expected a file/,
  });
  t.regex(wrong(...files('none.pem', 'server.key')).join(), /^http\.tlsCertificate: .*none of that name/);
  t.regex(
    wrong(...files('server.pem', 'server.key'), 'http.tlsKeyPassword=another').join(),
    /^http\.tlsKey: expected a PEM file/,
  );
  t.regex(
    wrong(...files('renewed.pem', 'server.key'), 'http.tlsKeyPassword=canary-of-server').join(),
    /^http\.tlsKey: expected the key of the certificate in http\.tlsCertificate/,
  );
  writeFileSync(inFolder('empty.pem'), '');
  t.regex(
    wrong(...files('empty.pem', 'server.key'), 'http.tlsKeyPassword=canary-of-server').join(),
    /^http\.tlsCertificate: expected a PEM file of a certificate, found none/,
  );
  t.regex(wrong(...files('server.pem', 'empty.pem')).join(), /^http\.tlsKey: expected .* found none/);
  t.deepEqual(wrong(...files('server.pem', 'server.key'), 'http.tlsKeyPassword=canary-of-server'), []);
});
