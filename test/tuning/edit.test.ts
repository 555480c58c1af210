// Keys set in a file of the user's: the rest of it stays, and stays right where it is moved to.

import test from 'ava';
import { parse } from 'yaml';
import { type Edit, edited } from '../../src/tuning/edit.ts';
import { moved } from '../../src/tuning/moved.ts';

const workers: Edit = { path: ['scoring', 'workers'], value: 3, comment: 'tune: 3 in place of 1: more' };
const records: Edit = { path: ['microBatch', 'records'], value: 1024, comment: 'tune: because' };

test('a value is replaced where it stands, and what else is written stays', (t) => {
  const before = `# yaml-language-server: $schema=./schema.json
# Ours.
log: kafka
scoring:
  # The old machine had two cores.
  workers: 1 # one was enough

  predictRecords: 512
output: {topic: 'scores', ids: [id]} # small
`;
  t.is(
    edited(before, [workers], 'Tuned.'),
    `# yaml-language-server: $schema=./schema.json
# Ours.
# Tuned.
log: kafka
scoring:
  # The old machine had two cores.
  # tune: 3 in place of 1: more
  workers: 3 # one was enough

  predictRecords: 512
output: {topic: 'scores', ids: [id]} # small
`,
  );
});

test('a key that is not there is added to its section, and a section that is not there at the end', (t) => {
  t.is(
    edited('log: kafka\nscoring:\n  predictRecords: 512\n', [workers, records], 'Tuned.'),
    `# Tuned.

log: kafka
scoring:
  predictRecords: 512
  # tune: 3 in place of 1: more
  workers: 3
microBatch:
  # tune: because
  records: 1024
`,
  );
});

test('it can set keys of a job, in braces, behind an alias, in an empty section and in an empty file', (t) => {
  const set = (text: string, edit: Edit): unknown => parse(edited(text, [edit], 'Tuned.'), { merge: true });
  const ofJob = { ...records, path: ['jobs', 'fraud', 'microBatch', 'records'] };
  t.deepEqual(set('jobs: { fraud: { model: { name: m } }, other: {} }\n', ofJob), {
    jobs: { fraud: { model: { name: 'm' }, microBatch: { records: 1024 } }, other: {} },
  });
  t.deepEqual(
    set('a: &a\n  records: 5\n  linger: 0\njobs:\n  one:\n    microBatch: *a\nmicroBatch: *a\n', records),
    {
      a: { records: 5, linger: 0 },
      jobs: { one: { microBatch: { records: 5, linger: 0 } } },
      microBatch: { records: 1024, linger: 0 },
    },
    'who else uses the alias keeps its value',
  );
  t.deepEqual(set('a: &a { records: 5, linger: 0 }\nmicroBatch:\n  <<: *a\n', records), {
    a: { records: 5, linger: 0 },
    microBatch: { records: 1024, linger: 0 },
  });
  t.deepEqual(set('microBatch:\nlog: kafka\n', records), { microBatch: { records: 1024 }, log: 'kafka' });
  t.deepEqual(set('', records), { microBatch: { records: 1024 } });
});

test('a long reason is told in several lines', (t) => {
  const comment = 'a reason that is long '.repeat(12).trim();
  const lines = edited('log: kafka\n', [{ ...workers, comment }], 'Tuned.').split('\n');
  t.true(lines.filter((line) => line.startsWith('  # ')).length > 1);
  t.true(lines.every((line) => line.length <= 102));
});

test('in another folder paths are written anew, and mean the same', (t) => {
  const text = `model: {repository: models, name: m}
kafka:
  ssl.ca.location: /etc/ca.pem # whole
  sasl.password: \${FILE:secrets/password}
  sasl.username: \${ENV:USER}
input: {writers: [a.avsc, sub/b.avsc]}
jobs:
  one: {model: {repository: ../others}}
`;
  t.is(moved(text, 'conf/a.yaml', 'conf/b.yaml'), text);
  t.deepEqual(parse(moved(text, 'conf/a.yaml', 'conf/new/b.yaml')), {
    model: { repository: '../models', name: 'm' },
    kafka: {
      'ssl.ca.location': '/etc/ca.pem',
      'sasl.password': '$' + '{FILE:../secrets/password}',
      'sasl.username': '$' + '{ENV:USER}',
    },
    input: { writers: ['../a.avsc', '../sub/b.avsc'] },
    jobs: { one: { model: { repository: '../../others' } } },
  });
});
