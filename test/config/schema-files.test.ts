// config/schema.json tells an editor what `loadConfig` will say of a file: held to that on many
// files, by two validators that are not ours: Ajv, and the one of VS Code, from which the one of
// YAML editors was made.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import languageService from 'vscode-json-languageservice';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { MINIMAL, problemsOf } from '../support/config.ts';
import { ROOT } from '../support/daemon.ts';

const schema = JSON.parse(readFileSync(join(ROOT, 'config', 'schema.json'), 'utf8'));
const byAjv = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
const { getLanguageService, TextDocument } = languageService;
const editor = getLanguageService({});

const isValidByAjv = (data: unknown): boolean => byAjv(data) as boolean;

async function isValidByEditor(data: unknown): Promise<boolean> {
  const text = JSON.stringify(data);
  const document = TextDocument.create('file:///config.json', 'json', 1, text);
  const settings = { schemaValidation: 'error' } as const;
  const found = await editor.doValidation(document, editor.parseJSONDocument(document), settings, schema);
  return found.length === 0;
}

const dataOf = (yaml: string): unknown => parse(yaml, { merge: true });

const FILES = [
  ...['config', join('bench', 'scenarios')].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  ),
];

for (const file of FILES) {
  test(`${file} is valid, and begins with the line by which editors find the schema`, async (t) => {
    t.notThrows(() => loadConfig({ file: join(ROOT, file), flags: [], environment: {} }));
    const text = readFileSync(join(ROOT, file), 'utf8');
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    t.is(join(dirname(file), path), join('config', 'schema.json'));
    t.true(isValidByAjv(dataOf(text)), JSON.stringify(byAjv.errors));
    t.true(await isValidByEditor(dataOf(text)));
  });
}

/** Below the keys that have no default. */
const more = (yaml: string): string => `${MINIMAL}${yaml}\n`;
const withInput = (yaml: string): string => MINIMAL.replace('{topic: a}', `{topic: a, ${yaml}}`);
const withTopic = (yaml: string): string => MINIMAL.replace('{topic: a}', `{topic: ${yaml}}`);

/** All that a job needs. */
const JOB = 'input: {topic: a}, output: {topic: b}, model: {name: m}';

const GOOD: readonly string[] = [
  MINIMAL,
  more('log: memory'),
  more('kafka:'),
  more('kafka: {}'),
  more('kafka: {bootstrap.servers: "one:1,[::1]:2", client.id: 7}'),
  more('kafka: {session.timeout.ms: 45s, heartbeat.interval.ms: 3000}'),
  more('kafka: {fetch.max.bytes: 4MiB, fetch.min.bytes: 1}'),
  more('kafka: {enable.idempotence: false}'),
  more('kafka: {security.protocol: SSL, ssl.endpoint.identification.algorithm: none}'),
  more(
    'kafka: {security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: me, sasl.password: 123456}',
  ),
  more('microBatch: {records: 1, bytes: 64KiB, linger: 1.5s}'),
  more('microBatch: {linger: 0}'),
  more('lanes: {retry: 7ms, retryMax: "10 s"}'),
  more('lanes: {stallAfter: 2 h, rightsTimeout: 10m}'),
  more('scoring: {workers: auto, memoryLimit: none}'),
  more('scoring: {workers: 4, memoryLimit: 2GiB}'),
  more('scoring: {memoryLimit: auto, heapBytes: 512MiB}'),
  more('deadLetters: {topic: c, floodShare: 0.5, dialects: [connect, spring]}').replace(
    'deadLetters: {topic: c}\n',
    '',
  ),
  more('snapshots: {directory: ./states, interval: 30s}'),
  more('registry: {url: "https://me:hush@registry/base", timeout: 1s}'),
  more('telemetry: {logLevel: debug, logFormat: json, reportEvery: 1m}'),
  more('generate: {kind: transactions, recordsPerSecond: 0}'),
  more('limits: {nesting: 8, headers: 10}'),
  withTopic('7'),
  withTopic('true'),
  withInput('format: json, notFinite: read, schemas: [1, 2]'),
  withInput('only: {payload.op: [c, u, 5, true, null]}'),
  withInput('tombstones: skip'),
  MINIMAL.replace('{name: m}', '{name: 007, version: 1.10}'),
  MINIMAL.replace('{name: m}', '{name: m, version: 2, backend: wasm}'),
  MINIMAL.replace('{topic: b}', '{topic: b, ids: [id, 5], compression: zstd, features: true}'),
  `deadLetters: {topic: c}\njobs: {one: {${JOB}}}\n`,
  `input: {format: json}\noutput:\ndeadLetters: {topic: c}\njobs:\n  one: {${JOB}, latency: {target: 5ms}}\n` +
    '  two: {input: {topic: d}, output: {topic: e}, model: {name: n}, kafka: {group.id: g}, microBatch: {records: 9}}\n',
  more('jobs: {one: }'),
  'input: &i {topic: a}\noutput: {<<: *i, topic: b}\ndeadLetters: {topic: c}\nmodel: {name: m}\n',
];

const BAD: readonly string[] = [
  '',
  'input: {topic: a}\n',
  MINIMAL.replace('model: {name: m}\n', ''),
  MINIMAL.replace('{topic: b}', '{}'),
  MINIMAL.replace('output: {topic: b}', 'output:'),
  MINIMAL.replace('{topic: b}', 'b'),
  withTopic('"a b"'),
  withTopic('..'),
  withTopic('[a]'),
  more('kafak: {client.id: x}'),
  more('kafka: {bootstrap.server: x}'),
  more('kafka: []'),
  more('kafka: {client.id: }'),
  more('kafka: {enable.idempotence: maybe}'),
  more('kafka: {security.protocol: TLS}'),
  more('kafka: {session.timeout.ms: 5}'),
  more('kafka: {session.timeout.ms: 30 seconds}'),
  more('log: kafak'),
  more('microBatch: {records: many}'),
  more('microBatch: {records: 0}'),
  more('microBatch: {records: 1.5}'),
  more('microBatch: {records: "5"}'),
  more('microBatch: {bytes: 2MB}'),
  more('microBatch: {linger: 2 parsecs}'),
  more('microBatch: {linger: -1}'),
  more('lanes: {retry: 7}'),
  more('lanes: {retry: "10"}'),
  more('lanes: {budget: 1024}'),
  more('lanes: {commitInterval: [1s]}'),
  more('scoring: {workers: 500}'),
  more('scoring: {workers: all}'),
  more('scoring: {memoryLimit: much}'),
  more('registry: {url: registry:8081}'),
  more('registry: {url: "http://host/a@b"}'),
  more('telemetry: {logLevel: loud}'),
  more('snapshots: {directory: ""}'),
  more('limits: {recordBytes: true}'),
  withInput('only: {op: []}'),
  withInput('only: [op]'),
  withInput('schemas: [-1]'),
  withInput('writers: [{}]'),
  more('jobs:'),
  more('jobs: {}'),
  more('jobs: [one]'),
  more('jobs: {one: two}'),
  more('jobs: {one.two: {latency: {target: 5ms}}}'),
  more('jobs: {one: {scoring: {workers: 1}}}'),
  more('jobs: {one: {kafka: {client.id: x}}}'),
  more('jobs: {one: {microBatch: {bytes: 64KiB}}}'),
  more('jobs: {one: {input: {topic: "a b"}}}'),
  more('jobs: {one: {model: {nmae: m}}}'),
  MINIMAL.replace('{name: m}', '{name: m, backend: gpu}'),
  MINIMAL.replace('{topic: b}', '{topic: b, ids: [""]}'),
];

/** What a JSON Schema cannot say: quantities as text, and rules between keys. */
const BAD_FOR_US_ALONE: readonly string[] = [
  more('kafka: {session.timeout.ms: 5ms}'),
  more('lanes: {budget: 1KiB}'),
  more('kafka: {heartbeat.interval.ms: 20s}'),
  more('kafka: {transactional.id: tx, enable.idempotence: false}'),
  more('kafka: {bootstrap.servers: host}'),
  withInput('format: avro'),
  MINIMAL.replace('{topic: b}', '{topic: a}'),
  'jobs: {one: {input: {topic: a}}}\n',
];

const verdicts = async (yaml: string): Promise<readonly boolean[]> => {
  const data = dataOf(yaml);
  return [problemsOf(yaml) === '', isValidByAjv(data), await isValidByEditor(data)];
};

const asName = (yaml: string): string =>
  yaml.replaceAll(MINIMAL.trim(), '…').replaceAll('\n', ' ').trim() || 'nothing';

test('there are more than sixty files', (t) => {
  t.true(GOOD.length + BAD.length >= 60);
});

for (const yaml of GOOD)
  test(`good by loadConfig and both validators: ${asName(yaml)}`, async (t) => {
    t.deepEqual(await verdicts(yaml), [true, true, true], problemsOf(yaml) || JSON.stringify(byAjv.errors));
  });

for (const yaml of BAD)
  test(`bad by loadConfig and both validators: ${asName(yaml)}`, async (t) => {
    t.deepEqual(await verdicts(yaml), [false, false, false]);
  });

for (const yaml of BAD_FOR_US_ALONE)
  test(`bad by loadConfig, and more than a JSON Schema can say: ${asName(yaml)}`, async (t) => {
    t.deepEqual(await verdicts(yaml), [false, true, true]);
  });
