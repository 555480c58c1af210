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
