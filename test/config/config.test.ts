// Configuration: defaults < file < environment < flags, every problem named at once with its place
// and what was expected.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { printEffective } from '../../src/config/effective.ts';
import { leaves } from '../../src/config/leaves.ts';
import { loadConfig } from '../../src/config/load.ts';
import { jsonSchema, referenceYaml } from '../../src/config/reference.ts';
import { load, MINIMAL, problemsOf } from '../support/config.ts';

const CONFIG = join(import.meta.dirname, '..', '..', 'config');

test('a value comes from the flags before the environment before the file before the default', (t) => {
  const key = 'microBatch.records';
  const variable = 'SCORELANE_MICRO_BATCH_RECORDS';
  const yaml = `${MINIMAL}microBatch: {records: 2}`;
  t.is(load(MINIMAL).config.microBatch.records, 4096);
  t.is(load(yaml).config.microBatch.records, 2);
  t.is(load(yaml, [], { [variable]: '3' }).config.microBatch.records, 3);
  const loaded = load(yaml, [`${key}=4`], { [variable]: '3' });
  t.is(loaded.config.microBatch.records, 4);
  t.is(loaded.origins.get(key), '--set');
  t.is(load(yaml, [], { [variable]: '3' }).origins.get(key), variable);
});

test("Kafka's dotted names stand under kafka and can be set like every other key", (t) => {
  const yaml = `${MINIMAL}kafka:\n  bootstrap.servers: one:1\n  fetch.max.bytes: 4MiB\n`;
  const { config } = load(yaml, ['kafka.group.id=g'], { SCORELANE_KAFKA_CLIENT_ID: 'me' });
  t.is(config.kafka['bootstrap.servers'], 'one:1');
  t.is(config.kafka['fetch.max.bytes'], 4 * 2 ** 20);
  t.is(config.kafka['group.id'], 'g');
  t.is(config.kafka['client.id'], 'me');
});

test('a job that names no group has one of its own, made of its model and its input', (t) => {
  const groupOf = (yaml: string, ...flags: string[]) => load(yaml, flags).config.kafka['group.id'];
  t.is(groupOf(MINIMAL, 'model.name=fraud', 'input.topic=payments'), 'scorelane-fraud-payments');
  t.is(groupOf(MINIMAL, 'model.name=fraud', 'kafka.group.id=mine'), 'mine');
});

test('durations and sizes are read as people write them', (t) => {
  const { config } = load(
    `${MINIMAL}microBatch: {linger: 1.5s, bytes: 64KiB}\nlanes: {retry: 7ms, revokeTimeout: 0}`,
  );
  t.is(config.lanes.revokeTimeout, 0);
  t.is(config.microBatch.linger, 1_500);
  t.is(config.microBatch.bytes, 65_536);
  t.is(config.lanes.retry, 7);
});

const wrong: readonly (readonly [string, string, string[], RegExp])[] = [
  [
    'an unknown key',
    `${MINIMAL}micoBatch: {records: 1}`,
    [],
    /c\.yaml:5:13: micoBatch\.records: expected a key that exists, found none of this name; did you mean "microBatch\.records"\?$/,
  ],
  ['a condition that nothing can meet', MINIMAL, ['input.only={op: []}'], /input\.only\.op/],
  [
    'an unknown key of Kafka',
    `${MINIMAL}kafka: {bootstrap.server: x}`,
    [],
    /did you mean "kafka\.bootstrap\.servers"/,
  ],
  [
    'an unknown flag',
    MINIMAL,
    ['scoring.worker=2'],
    /--set: scoring\.worker: expected a key that exists, found none of this name; did you mean "scoring\.workers"/,
  ],
  [
    'a key that stands in another section, although one of this section is spelt nearly so',
    MINIMAL,
    ['scoring.backend=wasm'],
    /--set: scoring\.backend: .*; did you mean "model\.backend"\?$/,
  ],
  [
    'a key of Kafka in a section that is spelt wrong',
    `${MINIMAL}kafak: {group.id: g}`,
    [],
    /kafak\.group\.id: .*; did you mean "kafka\.group\.id"\?$/,
  ],
  [
    'a key that every object inherits',
    `${MINIMAL}__proto__: 1\nconstructor: 1\ntoString: 1`,
    ['__proto__=1', 'valueOf=1'],
    /^\S+: __proto__: expected a key that exists, found none of this name\n\S+: constructor: expected a key that exists[^[]*$/,
  ],
  ['a missing key', 'input: {topic: a}', [], /c\.yaml: output\.topic: expected text, found nothing/],
  [
    'a wrong type',
    `${MINIMAL}microBatch: {records: many}`,
    [],
    /microBatch\.records: .*expected.*number.*found "many"/,
  ],
  [
    'a wrong choice',
    `${MINIMAL}log: kafak`,
    [],
    /c\.yaml:5:6: log: expected kafka, memory or none, found "kafak"; did you mean "kafka"\?$/,
  ],
  [
    'a wrong duration',
    `${MINIMAL}microBatch: {linger: 2 parsecs}`,
    [],
    /expected a duration with its unit, such as 200ms, 10s or 5m, found "2 parsecs"/,
  ],
  [
    'a bare number of who knows what',
    `${MINIMAL}lanes: {retry: 7}`,
    [],
    /lanes\.retry: expected a duration with its unit, such as 200ms, 10s or 5m, found "?7"?$/,
  ],
  ['a wrong size', `${MINIMAL}microBatch: {bytes: 2MB}`, [], /expected a size such as 64KiB/],
  [
    'an element that is none',
    `${MINIMAL.replace('{topic: a}', '{topic: a, writers: [{}]}')}`,
    [],
    /c\.yaml:1:29: input\.writers\.0: expected text, found \{\}/,
  ],
  [
    'a section that is a value',
    `${MINIMAL}registry: http://x`,
    [],
    /c\.yaml:5:11: registry: expected a section with keys, such as registry\.url, found a value/,
  ],
  [
    'a flag that is no YAML',
    MINIMAL,
    ['output.ids=[a'],
    /--set: output\.ids: expected a ] at the end of the list, found none, at its character 3/,
  ],
  [
    'a tag of YAML that nobody knows',
    `${MINIMAL}kafka: {client.id: !me x}`,
    [],
    /c\.yaml:5:20: expected a value without a tag, found a tag that is not known/,
  ],
  [
    'an address without a port',
    MINIMAL,
    ['kafka.bootstrap.servers=host'],
    /--set: kafka\.bootstrap\.servers: expected host:port; the port is missing/,
  ],
  ['an endless duration', `${MINIMAL}lanes: {stallAfter: .inf}`, [], /lanes\.stallAfter/],
  ['no map', '- a\n- b', [], /c\.yaml:1:1: expected keys and values, found a list/],
  ['no YAML', 'a: [', [], /c\.yaml:1:5: expected a ] at the end of the list, found none/],
];

for (const [what, yaml, flags, expected] of wrong) {
  test(`${what} is an error that says where, what and what was expected`, (t) => {
    t.regex(problemsOf(yaml, flags), expected);
  });
}

test('a flag that is not key=value is wrong use of the command, and what may be its value is not printed', (t) => {
  for (const [flag, expected] of [
    ['scoring.workers', /^--set: expected key=value, found scoring\.workers without a =$/],
    ['kafka.sasl.password:hush', /^--set: expected key=value, found kafka\.sasl\.password… without a =$/],
    ['=3', /^--set: expected key=value, found no key$/],
  ] as const)
    t.throws(() => load(MINIMAL, [flag]), { code: 'SCORELANE_USAGE', message: expected });
});

test('all problems are named at once', (t) => {
  const problems = problemsOf('input: {topic: "a b"}\nlog: x\nfoo: 1', ['bar=1']);
  for (const each of [/input\.topic/, /log/, /foo: /, /bar: /, /model\.name/]) t.regex(problems, each);
});

test('secrets are masked in the effective configuration, and every line says where it comes from', (t) => {
  const lines = printEffective(load(MINIMAL, ['kafka.sasl.password=hush'])).join('\n');
  t.false(lines.includes('hush'));
  t.regex(lines, /kafka\.sasl\.password = \*+ {2}\(--set\)/);
  t.regex(lines, /scoring\.deadline = 30000 {2}\(default\)/);
});

test('the reference turns nothing on that is optional', (t) => {
  const lines = referenceYaml()
    .split('\n')
    .map((line) => line.trim());
  for (const line of ['# shadowTopic: "shadow-scores"', '# topic: "chargebacks"', 'topic: "transactions"'])
    t.true(lines.includes(line), line);
});

test('the generated reference and JSON Schema are up to date; npm run reference renews them', (t) => {
  t.is(readFileSync(join(CONFIG, 'reference.yaml'), 'utf8'), referenceYaml());
  t.is(readFileSync(join(CONFIG, 'schema.json'), 'utf8'), jsonSchema());
});

test('every key says what it is for', (t) => {
  for (const { key, description } of leaves) t.true(description.length > 10, key);
});

for (const name of [
  'demo.yaml',
  'kafka.yaml',
  'anomaly.yaml',
  'recommendation.yaml',
  'pricing.yaml',
  'jobs.yaml',
]) {
  test(`config/${name} is valid`, (t) => {
    t.notThrows(() => loadConfig({ file: join(CONFIG, name), flags: [], environment: {} }));
  });
}

test('a relative path in the file is beside the file; in a flag, in the environment and by default it is in the working directory', (t) => {
  const yaml = `${MINIMAL.replace('{name: m}', '{name: m, repository: models}')}snapshots: {directory: /var/states}\n`;
  const beside = `${MINIMAL.replace('{topic: a}', '{topic: a, schema: ../a.avsc, writers: [w/1.avsc, /w/2.avsc]}')}`;
  const { config } = load(yaml);
  t.regex(config.model.repository, /^\/.*scorelane-config-\w+\/models$/);
  t.is(config.snapshots.directory, '/var/states');
  const { schema, writers } = load(beside).config.input;
  t.regex(schema ?? '', /^\/.*\/a\.avsc$/);
  t.regex(writers[0] ?? '', /scorelane-config-\w+\/w\/1\.avsc$/);
  t.is(writers[1], '/w/2.avsc');
  t.is(load(yaml, ['model.repository=models']).config.model.repository, 'models');
  t.is(load(yaml, [], { SCORELANE_MODEL_REPOSITORY: 'models' }).config.model.repository, 'models');
  t.is(load(MINIMAL).config.model.repository, 'native-models');
});
