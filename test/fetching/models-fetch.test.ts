// `scorelane models fetch` as a user calls it: what it prints, its exit codes, and what a signal
// leaves behind.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../src/base/errors.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ArchiveServer, entriesOf, packed, sha256Of } from '../support/archives.ts';
import { Program } from '../support/daemon.ts';
import { MODEL_FOLDER } from '../support/model.ts';
import { until } from '../support/until.ts';

const body = packed(entriesOf(MODEL_FOLDER, 'creditcard-1/'));
const folder = tempFolder('models-fetch');

const fetched = (repository: string, url: URL, ...more: string[]): Program =>
  new Program(
    [
      ...['models', 'fetch', url.href, '--repository', repository, '--sha256', sha256Of(body).toUpperCase()],
      ...more,
    ],
    { SCORELANE_MODEL_SOURCE_TOKEN: 'canary-of-the-environment' },
  );

test('a version is fetched with a token of the environment or of a file, and its place is printed', async (t) => {
  const server = await new ArchiveServer().start(t);
  const repository = join(folder, 'new');
  server.give('/creditcard-1.tar.gz', body);
  const url = server.url('/creditcard-1.tar.gz');
  const first = await fetched(repository, url, '--name', 'creditcard', '--version', '1').ended;
  t.is(first.code, EXIT.ok, first.out);
  t.is(first.out, `written  creditcard version 1: ${join(repository, 'creditcard', '1')}\n`);
  const token = join(folder, 'token');
  writeFileSync(token, 'canary-of-a-file\n');
  const second = await fetched(repository, url, '--token-file', token).ended;
  t.is(second.code, EXIT.ok, second.out);
  t.regex(second.out, /^creditcard version 1 is there already, from the same archive/);
  t.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer canary-of-the-environment', 'Bearer canary-of-a-file'],
  );
});

test('what cannot be fetched ends with a code of its own, and says no token', async (t) => {
  const server = await new ArchiveServer().start(t);
  const repository = join(folder, 'none');
  server.answers.set('/forbidden', (_, response) => response.writeHead(403).end());
  server.give('/other', 'other');
  const [forbidden, other, wrong] = await Promise.all([
    fetched(repository, server.url('/forbidden')).ended,
    fetched(repository, server.url('/other')).ended,
    fetched(repository, new URL('https://user:secret@models.example.com/a')).ended,
  ]);
  t.is(forbidden.code, EXIT.unavailable, forbidden.out);
  t.regex(forbidden.out, /answers 403: the token is not what it wants/);
  t.is(other.code, EXIT.config, other.out);
  t.regex(other.out, /expected the SHA-256/);
  t.is(wrong.code, EXIT.usage, wrong.out);
  t.regex(wrong.out, /without a login in it/);
  t.notRegex(forbidden.out + other.out, /canary/);
});

test('a signal ends it, and no draft is left', async (t) => {
  const server = await new ArchiveServer().start(t);
  const repository = join(folder, 'ended');
  server.answers.set('/slow', (_, response) => void response.write(body.subarray(0, 100)));
  const program = fetched(repository, server.url('/slow'));
  await until('the request', () => server.asked.length > 0);
  t.is((await program.stop('SIGINT')).code, EXIT.interrupted);
  t.deepEqual(readdirSync(repository), []);
});

test('check asks for the index of model.source, and says that no version is here yet', async (t) => {
  const server = await new ArchiveServer().start(t);
  server.give('/index.json', JSON.stringify({ versions: { 1: { url: 'a', sha256: '0'.repeat(64) } } }));
  const config = join(folder, 'source.yaml');
  const check = (path: string, ...more: string[]) =>
    new Program(['check', '--config', config, '--set', `model.source=${server.url(path).href}`, ...more])
      .ended;
  writeFileSync(config, `log: none\nmodel: { name: cards, repository: ${join(folder, 'nowhere')} }\n`);
  const [found, missing, unread] = await Promise.all([
    check('/index.json'),
    check('/none.json'),
    check('/index.json', '--set', `model.sourceAuthority=${config}`),
  ]);
  t.regex(found.out, /model\.source has an index, with the versions 1; run fetches what shall serve/);
  t.regex(found.out, /no version of model cards that may serve is here yet/);
  t.is(found.code, EXIT.ok, found.out);
  t.regex(missing.out, /none\.json: the server answers 404/);
  t.not(missing.code, EXIT.ok);
  t.regex(unread.out, /model\.sourceAuthority: expected a PEM file of certificates/);
});
