// Text stays text, whatever it looks like, wherever it comes from; and what is secret is printed
// nowhere.

import test from 'ava';
import fc from 'fast-check';
import { ScorelaneError } from '../../src/base/errors.ts';
import { commandLine, printEffective, withoutSecrets } from '../../src/config/effective.ts';
import { leaves } from '../../src/config/leaves.ts';
import type { LoadedConfig, LoadedJob } from '../../src/config/loaded.ts';
import { isSecret } from '../../src/config/secrets.ts';
import { wantsText } from '../../src/written/wanted.ts';
import { load, MINIMAL, problemsOf } from '../support/config.ts';
import { runs } from '../support/runs.ts';

const valueAt = ({ config }: LoadedJob, path: readonly string[]): unknown => {
  let value: unknown = config;
  for (const name of path) value = (value as Record<string, unknown>)[name];
  return value;
};

/** Keys that take any text: no choice, no address, no name that Kafka must accept. */
const CHECKED = [
  'input.topic',
  'output.topic',
  'deadLetters.topic',
  'labels.topic',
  'model.shadowTopic',
  'model.source',
  'registry.url',
  'kafka.bootstrap.servers',
  'tracing.headers',
];
const texts = leaves.filter(
  ({ key, type }) => wantsText(type) && type.safeParse('x').success && !CHECKED.includes(key),
);
/** With what other keys are needed together with. */
const FILES =
  'kafka: {ssl.certificate.location: c.pem, ssl.key.location: k.pem}\nhttp: {tlsCertificate: c.pem, tlsKey: k.pem}\n';
const COMPLETE = `${MINIMAL}${FILES}`;
const secrets = leaves.filter(({ type }) => isSecret(type));

/** What people use as passwords, and what YAML makes of it. */
const odd = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom(
    's3cret #1',
    '123456',
    'a: b',
    '@dmin',
    '[abc',
    '1.10',
    '0x1F',
    '1e3',
    'null',
    '~',
    'true',
    '.inf',
    '*al',
    '&an',
    '!tag',
    '"',
    "'",
    '% x',
    '{a',
    '- b',
    '<<',
    '2026-01-01',
    ' both ends ',
  ),
);

test('the keys that are looked at are those that there are', (t) => {
  t.deepEqual(
    secrets.map(({ key }) => key),
    [
      'model.sourceToken',
      'registry.password',
      'http.tlsKeyPassword',
      'http.adminToken',
      'tracing.headers',
      'kafka.sasl.password',
      'kafka.sasl.oauthbearer.client.secret',
      'kafka.ssl.key.password',
    ],
  );
  const free = secrets.map(({ key }) => key).filter((key) => !CHECKED.includes(key));
  for (const key of ['model.version', 'kafka.group.id', 'input.schema', ...free])
    t.true(
      texts.some((each) => each.key === key),
      key,
    );
});

test('any text that the environment or a flag gives to a key of text comes out as that text', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), odd, (leaf, text) => {
      t.is(valueAt(load(COMPLETE, [`${leaf.key}=${text}`]), leaf.path), text);
      t.is(valueAt(load(COMPLETE, [], { [leaf.variable]: text }), leaf.path), text);
    }),
    runs(150),
  );
});

test('in the file a number is text where text is wanted', (t) => {
  const yaml =
    'input: {topic: 123}\noutput: {topic: 0x1F, ids: [1.10, true]}\ndeadLetters: {topic: c}\nmodel: {name: 007, version: 1.10}\n';
  const { config } = load(yaml);
  t.deepEqual(
    [config.input.topic, config.output.topic, config.output.ids],
    ['123', '0x1F', ['1.10', 'true']],
  );
  t.deepEqual([config.model.name, config.model.version], ['007', '1.10']);
  t.is(load(MINIMAL, ['model.version=1.10']).config.model.version, '1.10');
});

test('what is no text is read as YAML: numbers, switches, lists, durations, sizes', (t) => {
  const { config } = load(MINIMAL, [
    'scoring.workers=3',
    'output.features=true',
    'output.ids=[id, 1.10]',
    'scoring.deadline=1500ms',
    'lanes.retry=1.5s',
    'lanes.budget=64MiB',
  ]);
  t.is(config.scoring.workers, 3);
  t.true(config.output.features);
  t.deepEqual(config.output.ids, ['id', '1.10']);
  t.deepEqual([config.scoring.deadline, config.lanes.retry, config.lanes.budget], [1500, 1500, 2 ** 26]);
});

/** Everything that is printed of a configuration that was loaded, or the message of the error. */
function printed(make: () => LoadedConfig & LoadedJob): string {
  try {
    const loaded = make();
    return [
      ...printEffective(loaded),
      ...loaded.warnings,
      JSON.stringify(withoutSecrets(loaded.config)),
    ].join('\n');
  } catch (error) {
    if (error instanceof ScorelaneError) return error.message;
    throw error;
  }
}

test('a secret is printed nowhere: not in effect, not in an error, however it was given and whatever is wrong beside it', (t) => {
  // Too long to be part of what is printed anyway.
  const secretText = fc.tuple(odd, fc.stringMatching(/^[a-z]{8}$/)).map(([head, tail]) => `${head}${tail}`);
  const wrongBeside = fc.constantFrom('', 'log: x\n', 'foo: 1\n');
  fc.assert(
    fc.property(
      fc.constantFrom(...secrets),
      secretText,
      wrongBeside,
      ({ key, path, variable }, text, wrong) => {
        const tail = text.slice(-8);
        const section = path[0] as string;
        const name = path.slice(1).join('.');
        for (const make of [
          () => load(MINIMAL + wrong, [`${key}=${text}`]),
          () => load(MINIMAL + wrong, [`${key}:${text}`]),
          () => load(MINIMAL + wrong, [], { [variable]: text }),
          () => load(`${MINIMAL}${wrong}${section}:\n  ${name}: ${text}\n`),
          () => load(`${MINIMAL}${wrong}${section}: {${name}: ${text}}\n`),
          () => load(`${MINIMAL}${wrong}${section}: {${name}:${text}}\n`),
          () => load(`${MINIMAL}${wrong}${section}: {${name}: [${text}]}\n`),
          () => load(`${MINIMAL}${wrong}${section}: ${text}\n`),
          () => load(MINIMAL + wrong, [`registry.url=http://user:${text}@host`]),
          () => load(MINIMAL + wrong, [`registry.url=htp:/user:${text}@host`]),
        ]) {
          const out = printed(make);
          t.false(out.includes(tail), out);
        }
      },
    ),
    runs(60),
  );
});

test('a password of digits in the file is that password', (t) => {
  t.is(load(`${MINIMAL}kafka: {sasl.password: 00123456}`).config.kafka['sasl.password'], '00123456');
});

test('who logs in to the registry may stand in its address, and is not printed with it', (t) => {
  const loaded = load(MINIMAL, ['registry.url=https://us%40er:p%2Fw%23@registry:8081/base']);
  const { url, username, password } = loaded.config.registry;
  t.deepEqual([url, username, password], ['https://registry:8081/base', 'us@er', 'p/w#']);
  t.regex(
    printEffective(loaded).join('\n'),
    /registry\.url = "https:\/\/registry:8081\/base" {2}\(--set\)\n.*\nregistry\.password = \*+ {2}\(--set\)/,
  );
  t.regex(
    problemsOf(MINIMAL, ['registry.url=http://a:b@c', 'registry.username=d']),
    /registry\.url: has a login in it, expected none/,
  );
});

test('merge keys of YAML are followed', (t) => {
  const yaml =
    'input: &one {topic: a, format: json}\noutput: {<<: *one, topic: b}\ndeadLetters: {topic: c}\nmodel: {name: m}\n';
  const { config } = load(yaml);
  t.deepEqual([config.input.format, config.output.format, config.output.topic], ['json', 'json', 'b']);
  t.regex(
    problemsOf(yaml.replace('*one', '*two')),
    /c\.yaml:2:14: expected an alias of an anchor above it, found one of none/,
  );
});

test('a section with nothing in it is as if it were not there', (t) => {
  t.is(load(`${MINIMAL}registry:\n  # url:\nsnapshots:\n`).config.registry.schemas, 1000);
});

test('a command line is kept in a report without the values of its secrets, nor logins in addresses', (t) => {
  const words = secrets.flatMap(({ key }) => [
    `--set=${key}=hush-a=b`,
    '--set',
    `${key}=hush c`,
    '--set',
    `${key}:hush`,
  ]);
  t.notRegex(commandLine('bench', words), /hush/);
  t.regex(commandLine('bench', words), /--set=kafka\.sasl\.password=\*{8} --set kafka\.sasl\.password=\*{8}/);
  t.is(
    commandLine('bench', [
      'soak',
      '--set',
      'registry.url=http://me:hush@host:80',
      '--set',
      'lanes.budget=1MiB',
    ]),
    'bench soak --set registry.url=http://********@host:80 --set lanes.budget=1MiB',
  );
});
