// Secrets that stand elsewhere: in files, as Docker and Kubernetes mount them, and in the
// environment. What is wrong names the source, and never the secret.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/load.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const folder = tempFolder('secrets');
const file = join(folder, 'own.yaml');
writeFileSync(join(folder, 'password'), 'canary-1\n');
writeFileSync(join(folder, 'empty'), '\n');
const from = (kind: 'FILE' | 'ENV', name: string): string => ['$', `{${kind}:${name}}`].join('');

function loaded(password: string, flags: readonly string[] = []) {
  writeFileSync(
    file,
    [
      'model: { name: m }\ninput: { topic: i }\noutput: { topic: o }\ndeadLetters: { topic: d }',
      'kafka:\n  security.protocol: SASL_SSL\n  sasl.mechanism: PLAIN\n  sasl.username: me',
      `  sasl.password: "${password}"\n`,
    ].join('\n'),
  );
  return loadConfig({ file, flags, environment: { OWN: 'canary-2' } }).jobs[0]?.config.kafka['sasl.password'];
}

test('a secret comes from a file beside the configuration, without its last line end', (t) => {
  t.is(loaded(from('FILE', 'password')), 'canary-1');
  t.is(loaded(from('FILE', join(folder, 'password'))), 'canary-1');
});

test('a secret comes from a variable of any name, also in --set', (t) => {
  t.is(loaded(from('ENV', 'OWN')), 'canary-2');
  t.is(loaded('plain', [`kafka.sasl.password=${from('ENV', 'OWN')}`]), 'canary-2');
});

test('other texts stay as they are', (t) => {
  for (const text of ['a$b', '${', from('FILE', ''), `${from('ENV', 'OWN')}!`]) t.is(loaded(text), text);
});

test('a secret that is not there is named by its key, its place and its source', (t) => {
  const lost = t.throws(() => loaded(from('FILE', 'lost')), {
    message: /own\.yaml:9:18: kafka\.sasl\.password: .*lost: expected a file that can be read, found none/,
  });
  t.is(lost?.message.split('\n').length, 1, 'and it is not said to be missing too');
  t.throws(() => loaded(from('FILE', 'empty')), { message: /kafka\.sasl\.password: .* found an empty one/ });
  t.throws(() => loaded(from('ENV', 'NONE')), {
    message: /kafka\.sasl\.password: expected a variable NONE in the environment/,
  });
});
