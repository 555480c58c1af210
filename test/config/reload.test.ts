// What a configuration that is read again changes: some keys take effect, all others are named, and
// nothing that is wrong takes any.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { leafByKey } from '../../src/config/leaves.ts';
import type { LoadedConfig } from '../../src/config/loaded.ts';
import { LIVE_KEYS, reloadOf } from '../../src/config/reload.ts';
import { loadAll, MINIMAL } from '../support/config.ts';
import { ROOT } from '../support/daemon.ts';

const reloaded = (before: LoadedConfig, after: LoadedConfig) =>
  reloadOf(before, new Map(before.jobs.map(({ name, config }) => [name, config])), after);
const change = (key: string, old: string, now: string) => ({ key, old, new: now });

test('each key that can change live is one of the schema', (t) => {
  for (const key of LIVE_KEYS) t.true(leafByKey.has(key), key);
});

test('the guide names the keys that can change live, and no others', (t) => {
  const guide = readFileSync(join(ROOT, 'docs', 'operating.md'), 'utf8');
  const [, table = ''] = /### Read again while it runs\n([\s\S]*?)\nAll other keys/.exec(guide) ?? [];
  const named = [...table.matchAll(/`([a-z]\w+\.\w+)`/gi)].map(([, key]) => key as string);
  t.deepEqual(named.toSorted(), [...LIVE_KEYS].toSorted());
});

test('the same again changes nothing', (t) => {
  const { changed, needsRestart } = reloaded(loadAll(MINIMAL), loadAll(MINIMAL));
  t.deepEqual([changed, needsRestart], [[], []]);
});

test('live keys take effect, others are named with both values and stay', (t) => {
  const before = loadAll(`${MINIMAL}microBatch: {linger: 1s}\n`);
  const after = loadAll(
    `${MINIMAL.replace('topic: b', 'topic: other')}telemetry: {logLevel: debug}\nmicroBatch: {records: 7}\n`,
  );
  const { changed, needsRestart, configs } = reloaded(before, after);
  t.deepEqual(changed, [
    change('microBatch.records', '4096', '7'),
    change('microBatch.linger', '1000', '0'),
    change('telemetry.logLevel', '"info"', '"debug"'),
  ]);
  t.deepEqual(needsRestart, [change('output.topic', '"b"', '"other"')]);
  const [config] = [...configs.values()];
  t.like(config, { microBatch: { records: 7, linger: 0 }, output: { topic: 'b' } });
});

test('what took effect is no change the next time; what needs a restart is named until it comes', (t) => {
  const before = loadAll(MINIMAL);
  const after = loadAll(`${MINIMAL.replace('topic: b', 'topic: other')}latency: {target: 1s}\n`);
  const once = reloaded(before, after);
  const twice = reloadOf(before, once.configs, after);
  t.is(once.changed.length, 1);
  t.deepEqual(twice.changed, []);
  t.deepEqual(twice.needsRestart, once.needsRestart);
  const back = reloadOf(before, twice.configs, before);
  t.deepEqual(back.changed, [change('latency.target', '1000', '20')]);
  t.deepEqual(back.needsRestart, []);
});

test('values that do not go together with those that stay are refused', (t) => {
  const before = loadAll(`${MINIMAL}lanes: {stallAfter: 10m}\nscoring: {deadline: 5m}\n`);
  const after = loadAll(`${MINIMAL}lanes: {stallAfter: 60s}\nscoring: {deadline: 30s}\n`);
  t.throws(() => reloaded(before, after), { code: 'SCORELANE_CONFIG', message: /lanes\.stallAfter/ });
});

test('secrets that changed are named, and not shown', (t) => {
  const of = (token: string) => loadAll(`${MINIMAL}http: {adminToken: ${token}-0123456789}\n`);
  const { needsRestart } = reloaded(of('canary'), of('other'));
  t.is(needsRestart[0]?.key, 'http.adminToken');
  t.notRegex(JSON.stringify(needsRestart), /canary|other/);
});

const jobs = (more: string, names = ['one', 'two']): string =>
  `model: {name: m}\n${more}jobs:\n${names
    .map(
      (name) =>
        `  ${name}: {input: {topic: ${name}-in}, output: {topic: ${name}-out}, deadLetters: {topic: dead}`,
    )
    .map((line, index) => `${line}${index === 0 ? ', latency: {target: 30ms}' : ''}}`)
    .join('\n')}\n`;

test('each job has its own keys; what all have together is named once', (t) => {
  const before = loadAll(jobs(''));
  const after = loadAll(jobs('lanes: {retry: 2s}\nlatency: {target: 50ms}\n'));
  const { changed, configs } = reloaded(before, after);
  t.deepEqual(changed, [change('lanes.retry', '100', '2000'), change('jobs.two.latency.target', '20', '50')]);
  t.deepEqual(
    [...configs.values()].map(({ latency }) => latency.target),
    [30, 50],
  );
});

test('a job more or less needs a restart, and the others are read all the same', (t) => {
  const { changed, needsRestart } = reloaded(
    loadAll(jobs('')),
    loadAll(jobs('lanes: {retry: 2s}\n', ['one', 'new'])),
  );
  t.deepEqual(needsRestart, [change('jobs', 'one, two', 'one, new')]);
  t.is(changed[0]?.key, 'lanes.retry');
});
