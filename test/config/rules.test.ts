// Keys that contradict each other are refused by what is in effect in the end, wherever it comes
// from.

import test from 'ava';
import { load, MINIMAL, problemsOf } from '../support/config.ts';

test('a topic that is written and read by the same daemon is refused, wherever its name comes from', (t) => {
  const circle = /expected another topic than input\.topic, found "a": .*for ever/;
  t.regex(
    problemsOf(MINIMAL.replace('{topic: c}', '{topic: a}')),
    /c\.yaml:3:22: deadLetters\.topic: .*for ever/,
  );
  t.regex(problemsOf(MINIMAL, ['output.topic=a']), /--set: output\.topic: /);
  t.regex(problemsOf(MINIMAL, ['output.topic=a']), circle);
  const environment = { SCORELANE_INPUT_TOPIC: 'c' };
  t.regex(
    problemsOf(MINIMAL, [], environment),
    /deadLetters\.topic: expected another topic than input\.topic/,
  );
  t.is(problemsOf(MINIMAL.replace('{topic: c}', '{topic: a}'), ['deadLetters.topic=c']), '');
  t.regex(
    problemsOf(MINIMAL.replace('{topic: a}', '{topic: 7}'), ['output.topic=7']),
    /output\.topic: expected another/,
  );
  t.regex(problemsOf(MINIMAL.replace('{topic: a}', '&i {topic: a}').replace('{topic: b}', '*i')), circle);
});

test('results and dead letters may share a topic: nothing reads them here', (t) => {
  t.is(load(MINIMAL, ['deadLetters.topic=b']).config.deadLetters.topic, 'b');
});

test("the broker's own topics are refused: each commit would be a record of the input", (t) => {
  for (const key of ['input.topic', 'output.topic', 'deadLetters.topic'])
    t.regex(
      problemsOf(MINIMAL, [`${key}=__consumer_offsets`]),
      new RegExp(`--set: ${key}: .*the broker's own`),
    );
});

test('a protocol in front of a broker is the one to connect with, or the start is refused', (t) => {
  const broker = 'kafka.bootstrap.servers=SASL_SSL://a:1,b:2';
  t.regex(
    problemsOf(MINIMAL, [broker]),
    /kafka\.security\.protocol: expected SASL_SSL, as kafka\.bootstrap\.servers says.*found PLAINTEXT/,
  );
  const login = ['kafka.sasl.mechanism=PLAIN', 'kafka.sasl.username=me', 'kafka.sasl.password=hush'];
  t.is(problemsOf(MINIMAL, [broker, 'kafka.security.protocol=SASL_SSL', ...login]), '');
  t.is(problemsOf(MINIMAL, ['kafka.bootstrap.servers=INTERNAL://a:1']), '', 'the name of a listener');
});

for (const [settings, told] of [
  [
    ['kafka.session.timeout.ms=6s'],
    'kafka.heartbeat.interval.ms: expected at most a third of kafka.session.timeout.ms, 2s, found 3s',
  ],
  [['kafka.session.timeout.ms=9s'], ''],
  [
    ['kafka.fetch.max.wait.ms=40s'],
    'kafka.fetch.max.wait.ms: expected less than kafka.session.timeout.ms, 30s, found 40s',
  ],
  [
    ['lanes.revokeTimeout=60s'],
    'lanes.revokeTimeout: expected less than kafka.rebalance.timeout.ms, 1m, found 1m',
  ],
  [['lanes.stallAfter=30s'], 'lanes.stallAfter: expected more than scoring.deadline, 30s, found 30s'],
  [
    ['kafka.request.timeout.ms=2m'],
    'lanes.stallAfter: expected more than kafka.request.timeout.ms, 2m, found 1m',
  ],
  [['kafka.request.timeout.ms=2m', 'log=memory'], ''],
  [['lanes.retry=20s'], 'lanes.retry: expected at most lanes.retryMax, 10s, found 20s'],
  [
    ['kafka.fetch.min.bytes=32MiB'],
    'kafka.fetch.min.bytes: expected at most kafka.fetch.max.bytes, 16MiB, found 32MiB',
  ],
  [
    ['kafka.max.partition.fetch.bytes=300MiB'],
    'lanes.budget: expected at least kafka.max.partition.fetch.bytes, 300MiB, found 256MiB',
  ],
  [
    ['kafka.transactional.id=tx', 'kafka.enable.idempotence=false'],
    'kafka.enable.idempotence: expected true, as kafka.transactional.id is set, found false',
  ],
  [['kafka.ssl.certificate.location=c'], 'kafka.ssl.key.location: expected '],
  [['kafka.ssl.key.location=k'], 'kafka.ssl.certificate.location: expected '],
  [['input.format=avro', 'input.framing=plain'], 'input.schema: expected a file with a schema'],
  [['input.format=avro', 'input.framing=single-object'], 'input.writers: expected a file with a schema'],
  [['input.format=json', 'input.framing=single-object'], 'input.framing: expected confluent or plain'],
  [
    ['log=memory', 'generate.file=package.json'],
    'generate.recordsPerSecond: expected how many records of generate.file are sent a second, found 0',
  ],
  [
    ['log=memory', 'generate.recordsPerSecond=1', 'input.format=avro', 'registry.url=http://r'],
    'input.format: expected msgpack or json, as generate.recordsPerSecond is set, found "avro"',
  ],
] as const) {
  test(`${settings.join(' ')}: ${told || 'is taken'}`, (t) => {
    const problems = problemsOf(MINIMAL, settings);
    if (told === '') t.is(problems, '');
    else t.true(problems.startsWith(`--set: ${told}`) && !problems.includes('\n'), problems);
  });
}
