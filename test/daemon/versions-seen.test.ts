// What is told of versions that come and go: by metrics and over HTTP, of a real daemon.

import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readLabels, writeLabels } from '../../src/versions/labels.ts';
import { Program } from '../support/daemon.ts';
import { qualityOf, seen, TOKEN } from '../support/seen-versions.ts';

/** It is refused before it is tried, which is quick. */
const spoil = (folder: string): void => truncateSync(join(folder, 'model.yaml'), 8);

test.serial(
  'metrics tell each version that is loaded or was refused, and whether the right one serves',
  async (t) => {
    const { repository, daemon, url } = await seen(t, ['1']);
    const told = async (): Promise<string[]> =>
      (await (await fetch(`${url}/metrics`)).text())
        .split('\n')
        .filter((line) => /^scorelane_model_version(s_refused_total|_switches_total|_unmet)?\{/.test(line))
        .map((line) => line.replace('scorelane_model_version', '').replace('job="cards-job"', ''));
    t.deepEqual(await told(), [
      '_switches_total{} 0',
      's_refused_total{} 0',
      '{,version="1",state="serving"} 1',
      '_unmet{} 0',
    ]);
    repository.add('2');
    await daemon.living.look();
    for (const version of ['3', '4', '5', '6', '7', '8']) {
      repository.add(version, { spoil });
      await daemon.living.look();
    }
    t.deepEqual(await told(), [
      '_switches_total{} 1',
      's_refused_total{} 6',
      '{,version="1",state="loaded"} 1',
      '{,version="2",state="serving"} 1',
      ...['4', '5', '6', '7', '8'].map((version) => `{,version="${version}",state="refused"} 1`),
      '_unmet{} 0',
    ]);
    writeLabels(repository.folder, 'cards', { versions: { pinned: '17' }, moves: [] });
    await daemon.living.look();
    t.is((await told()).at(-1), '_unmet{} 1', 'the version that is pinned is not there');
  },
);

const asked = (url: string, path: string, body?: object): Promise<Response> =>
  fetch(`${url}/admin/models${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

interface Told {
  readonly job: string;
  readonly done: string;
  readonly serving: string;
  readonly wanted: string;
  readonly why: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly versions: readonly {
    readonly version: string;
    readonly state: string;
    readonly why: string | null;
  }[];
}

test.serial(
  'an administrator promotes, rolls back and pins over HTTP, and the answer comes when it serves',
  async (t) => {
    const { repository, url, daemon } = await seen(t, ['1', '2', '3'], 'model.version=latest');
    writeLabels(repository.folder, 'cards', { versions: { stable: '1' }, moves: [] });
    const orders = async (order: string, body: object): Promise<Told> => {
      const answer = await asked(url, `/cards-job/${order}`, body);
      t.is(answer.status, 200);
      return (await answer.json()) as Told;
    };
    const pinnedNow = await orders('pin', { version: '1' });
    t.like(pinnedNow, { job: 'cards-job', serving: '1', wanted: '1', why: 'it is pinned', policy: 'latest' });
    t.regex(pinnedNow.done, /^version 1 is pinned; /);
    t.is(daemon.about.model, 'cards 1', 'the answer came after the switch');
    const promotedNow = await orders('promote', { version: 2, label: 'stable' });
    t.like(promotedNow, { serving: '1', labels: { stable: '2', pinned: '1' } });
    t.regex(promotedNow.done, /^version 2 is stable, it was 1; version 1 is pinned and goes on to serve/);
    t.regex((await orders('rollback', {})).done, /^version 1 is stable again/);
    t.is((await orders('pin', { off: true })).serving, '3', 'the latest serves again');
    repository.add('4', { spoil });
    t.is((await orders('look', {})).serving, '3');
    t.regex(
      (await orders('rollback', { label: 'canary' })).done,
      /^version 2 is pinned/,
      'not 3: 4 never served',
    );
    t.is((await orders('pin', { off: true })).serving, '3');
    const { models } = (await (await asked(url, '')).json()) as { models: Told[] };
    const [told] = models;
    t.like(told, {
      ...{ job: 'cards-job', model: 'cards 3', backend: 'wasm', policy: 'latest' },
      ...{ serving: '3', wanted: '3', why: 'it is the latest' },
    });
    t.deepEqual(told?.labels, { stable: '1' });
    t.deepEqual(
      told?.versions.map(({ version, state }) => [version, state]),
      [
        ['1', 'available'],
        ['2', 'loaded'],
        ['3', 'serving'],
        ['4', 'refused'],
      ],
    );
    t.regex(told?.versions[3]?.why ?? '', /model\.yaml/);
  },
);

test.serial('an order that cannot be carried out says why, and moves nothing', async (t) => {
  const { repository, url } = await seen(t, ['1']);
  const before = readLabels(repository.folder, 'cards');
  for (const [order, body, status, expected] of [
    ['promote', { version: '7' }, 409, /one of 1, found 7/],
    ['rollback', {}, 409, /expected a version before 1 to go back to/],
    ['promote', { label: 'latest' }, 400, /label: expected a label of small letters/],
    ['promote', { version: 1.5 }, 400, /version: expected the name of a version/],
    ['promote', { versions: '1' }, 400, /no members but version, label, found "versions"/],
    ['rollback', ['stable'], 400, /expected a map in JSON with no members but label/],
    ['pin', {}, 400, /expected one of/],
    ['pin', { version: '1', off: true }, 400, /expected one of/],
    ['pin', { off: false }, 400, /off: expected true/],
    ['look', { version: '1' }, 400, /no members, found/],
  ] as const) {
    const answer = await asked(url, `/cards-job/${order}`, body);
    const { detail } = (await answer.json()) as { detail: string };
    t.is(answer.status, status, detail);
    t.regex(detail, expected);
  }
  t.is((await asked(url, '/other/promote', {})).status, 404);
  t.is((await fetch(`${url}/admin/models/cards-job/promote`, { method: 'POST' })).status, 401);
  t.deepEqual(readLabels(repository.folder, 'cards'), before);
  // A folder in its place: it cannot be replaced, whoever the process runs as.
  mkdirSync(join(repository.folder, 'cards', `labels.yaml.${hostname()}-${process.pid}.draft`));
  const answer = await asked(url, '/cards-job/promote', {});
  const { detail } = (await answer.json()) as { detail: string };
  t.is(answer.status, 409, detail);
  t.regex(detail, /nothing has changed: .*labels\.yaml: /);
});

test.serial('a label may have the name of what every object inherits', async (t) => {
  const { repository, url } = await seen(t, ['1']);
  const answer = await asked(url, '/cards-job/promote', { version: '1', label: 'constructor' });
  t.regex(((await answer.json()) as Told).done, /^version 1 is constructor, it was none before/);
  t.deepEqual(readLabels(repository.folder, 'cards').versions, { constructor: '1' } as never);
});

test.serial(
  'versions that are loaded answer whoever names them; the index has all, and load looks at once',
  async (t) => {
    const { repository, url } = await seen(t, ['1', '2', '3']);
    const post = (path: string, body: object | null, token: string | null = null): Promise<Response> =>
      fetch(`${url}/v2${path}`, {
        method: 'POST',
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
    const load = '/repository/models/cards/load';
    t.is((await post(load, {})).status, 401);
    writeLabels(repository.folder, 'cards', { versions: { pinned: '2' }, moves: [] });
    t.is((await post(load, null, TOKEN)).status, 200);
    repository.add('4', { spoil });
    writeLabels(repository.folder, 'cards', { versions: { pinned: '4' }, moves: [] });
    const failed = await post(load, {}, TOKEN);
    t.is(failed.status, 400);
    t.regex(await failed.text(), /version 4 cannot serve, and 2 goes on: .*model\.yaml/);
    t.regex(
      await (await post(load, { parameters: { config: '{}' } }, TOKEN)).text(),
      /expected none, found .*config/,
    );
    t.is((await post('/repository/models/other/load', {}, TOKEN)).status, 404);

    const index = (await (await post('/repository/index', null, TOKEN)).json()) as { reason: string }[];
    t.regex(index[3]?.reason ?? '', /model\.yaml/);
    const name = 'cards';
    t.deepEqual(index.slice(0, 3), [
      { name, version: '1', state: 'UNAVAILABLE', reason: 'it is in the repository, and nothing needs it' },
      { name, version: '2', state: 'READY', reason: '' },
      { name, version: '3', state: 'READY', reason: '' },
    ] as never);
    t.is(((await (await post('/repository/index', { ready: true })).json()) as object[]).length, 2);
    t.is((await post('/repository/index', { ready: 1 })).status, 400);
    const open = await (await post('/repository/index', null)).text();
    t.regex(open, /"4","state":"UNAVAILABLE","reason":"it was tried and cannot serve/);
    t.notRegex(open, /model\.yaml/, 'why is not for everybody');

    const metadata = await (await fetch(`${url}/v2/models/cards`)).json();
    t.deepEqual(
      (metadata as { versions: string[] }).versions,
      ['2', '3'],
      'the one that serves is the first',
    );
    const [input] = (metadata as { inputs: { name: string }[] }).inputs;
    const row = { name: input?.name, datatype: 'FP32', shape: [1, 1], data: [1] };
    for (const [path, version] of [
      ['', '2'],
      ['/versions/2', '2'],
      ['/versions/3', '3'],
    ] as const) {
      const answer = await post(`/models/cards${path}/infer`, { inputs: [row] });
      t.is(answer.status, 200);
      t.is(((await answer.json()) as { model_version: string }).model_version, version);
    }
    const away = await post('/models/cards/versions/1/infer', { inputs: [row] });
    t.is(away.status, 404);
    t.deepEqual(await away.json(), {
      error: 'no version "1" of model "cards" is loaded; there is 2, 3',
    });
    writeLabels(repository.folder, 'cards', { versions: { pinned: '2', shadow: '1' }, moves: [] });
    t.is((await post(load, {}, TOKEN)).status, 200);
    const tried = await post('/models/cards/versions/1/infer', { inputs: [row] });
    t.is(tried.status, 200, 'a version that is tried and never served answers too');
    t.is(((await tried.json()) as { model_version: string }).model_version, '1');
  },
);

test.serial(
  'models list tells labels, and with --daemon what the daemon does with each version',
  async (t) => {
    const { repository, daemon, url } = await seen(t, ['1', '2']);
    const { folder } = repository;
    repository.add('3', { spoil });
    await daemon.living.look();
    rmSync(join(folder, 'cards', '1'), { recursive: true });
    daemon.meter.quality = qualityOf('2');
    writeLabels(folder, 'cards', { versions: { stable: '2', canary: '9' }, moves: [] });
    const list = (token: string, ...words: string[]) =>
      new Program(['models', 'list', '--repository', folder, ...words], { SCORELANE_HTTP_ADMIN_TOKEN: token })
        .ended;
    const plain = await list('');
    t.is(plain.code, 0, plain.out);
    t.regex(plain.out, /^cards 2 \(stable\) {2}wasm, cpu {2}1 columns to score {2}\d+ golden records$/m);
    t.regex(plain.out, /^cards: canary is version 9, which is not there$/m);
    const told = await list(TOKEN, '--daemon', url);
    t.is(told.code, 0, told.out);
    t.regex(
      told.out,
      /^cards 2 \(stable\) .* golden records {2}serving in cards-job, AUC 0\.9125 by 400 labels$/m,
    );
    t.regex(told.out, /^cards 3 {2}cannot be served: .* {2}refused in cards-job: .*model\.yaml/ms);
    const token = join(folder, 'token');
    writeFileSync(token, `${TOKEN}\n`);
    const json = await list('', '--daemon', url, '--token-file', token, '--json');
    const [second] = JSON.parse(json.out.slice(json.out.indexOf('['))) as object[];
    t.like(second, {
      ...{ model: 'cards', version: '2', labels: ['stable'] },
      jobs: [
        { job: 'cards-job', state: 'serving', why: null, quality: { areaUnderRoc: 0.9125, labelled: 400 } },
      ],
    });
    const wrong = async (code: number, expected: RegExp, given: string, ...words: string[]) => {
      const ended = await list(given, '--daemon', ...words);
      t.is(ended.code, code, ended.out);
      t.regex(ended.out, expected);
    };
    await Promise.all([
      wrong(77, /expected the token .* in SCORELANE_HTTP_ADMIN_TOKEN, found none/, '', url),
      wrong(77, /refuses: the token is another than/, 'another-token-than-theirs', url),
      wrong(69, /http:\/\/127\.0\.0\.1:1 does not answer: /, TOKEN, 'http://127.0.0.1:1'),
      wrong(64, /expected an address such as http:/, TOKEN, '127.0.0.1:8080'),
    ]);
  },
);
