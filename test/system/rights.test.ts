// Rights, on a broker that asks for them: the smallest set that the operating guide lists is enough
// for every command, and what is missing, a login or a group of others is named before anything is
// begun.

import anyTest, { type TestFn } from 'ava';
import { freePort } from '../../tools/broker.ts';
import { createTopics } from '../../tools/topics.ts';
import {
  allCommitted,
  type Ended,
  flags,
  type Job,
  newJob,
  Program,
  produce,
  startDaemon,
} from '../support/daemon.ts';
import { java, kafkaFor, librdkafkaMember, settingsFor, withBroker } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const USERS = ['runner', 'looker', 'auditor', 'redriver', 'producer', 'teller', 'latecomer'] as const;
const ROTATED = 'rotated';
type User = (typeof USERS)[number];
const port = await freePort();
const lost = await freePort();
const plain = await freePort();
const nowhere = await freePort();
const users = USERS.map((user) => `user_${user}="secret"`).join(' ');
const broker = withBroker(test, {
  port: plain,
  listeners: [`SASL_PLAINTEXT://127.0.0.1:${port}`, `LOST://127.0.0.1:${lost}`],
  properties: {
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${port},LOST://127.0.0.1:${nowhere}`,
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,LOST:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'listener.name.sasl_plaintext.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
    'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    // kafkajs logs in again ten seconds before: every two.
    'listener.name.sasl_plaintext.scram-sha-256.connections.max.reauth.ms': '12000',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
  },
  formatArguments: ['--add-scram', `SCRAM-SHA-256=[name=${ROTATED},password=secret]`],
});

const login = (user: User, password = 'secret'): string[] => [
  `kafka.bootstrap.servers=127.0.0.1:${port}`,
  'kafka.security.protocol=SASL_PLAINTEXT',
  'kafka.sasl.mechanism=PLAIN',
  `kafka.sasl.username=${user}`,
  `kafka.sasl.password=${password}`,
];

// Of Kafka's protocol.
const [TOPIC, GROUP, TRANSACTIONAL_ID] = [2, 3, 5];
const [LITERAL, PREFIXED] = [3, 4];
const [READ, WRITE, DELETE, DESCRIBE] = [3, 4, 6, 8];
const ALLOW = 3;

async function allow(
  user: User | typeof ROTATED,
  ...rights: readonly (readonly [number, string, number, number])[]
): Promise<void> {
  const admin = kafkaFor(settingsFor(broker().address)).admin();
  await admin.connect();
  await admin.createAcls({
    acl: rights.map(([resourceType, resourceName, operation, resourcePatternType]) => ({
      resourceType,
      resourceName,
      resourcePatternType,
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: ALLOW,
    })),
  });
  await admin.disconnect();
}

const job = (): Promise<Job> => newJob(broker().address, ['model.backend=wasm'], 2);
const command = (given: Job, as: readonly string[], ...words: string[]): Promise<Ended> =>
  new Program([...words, '--config', 'config/kafka.yaml', ...flags(given, as)]).ended;

test('run needs to read its input and its group, and to write results and dead letters: no more', async (t) => {
  const own = await job();
  await allow(
    'runner',
    [TOPIC, own.input, READ, LITERAL],
    [GROUP, own.group, READ, LITERAL],
    [TOPIC, own.results, WRITE, LITERAL],
    [TOPIC, own.deadLetters, WRITE, LITERAL],
    [TRANSACTIONAL_ID, `${own.group}-`, WRITE, PREFIXED],
  );
  const checked = await command(own, login('runner'), 'check');
  t.is(checked.code, 0, checked.out);
  t.true(
    checked.out.includes(
      `note: the settings of topic ${own.results} are not known: the right DescribeConfigs on it is missing`,
    ),
    checked.out,
  );
  await produce(own, 200, '--rate', 'max');
  for (const more of [[], [`kafka.transactional.id=${own.group}`]]) {
    const daemon = await startDaemon(own, [...login('runner'), ...more]);
    const { code, out } = await daemon.stop();
    t.is(code, 0, out);
  }
});

test('what run lacks is named by check, and ends run with 77', async (t) => {
  const own = await job();
  for (const topic of [own.input, own.results, own.deadLetters])
    await allow('looker', [TOPIC, topic, DESCRIBE, LITERAL]);
  for (const words of [['check'], ['run']]) {
    const transactional = `kafka.transactional.id=${own.group}`;
    const { code, out } = await command(own, [...login('looker'), transactional], ...words);
    t.is(code, 77, out);
    for (const right of [
      `Read on topic "${own.input}"`,
      `Write on topic "${own.results}"`,
      `Write on topic "${own.deadLetters}"`,
      `Read on group "${own.group}"`,
      `Write on transactional id "${own.group}-${own.input}-0"`,
    ])
      t.true(out.includes(right), `${right} in ${out}`);
    t.regex(out, /user "looker" \(PLAIN\) lacks the rights/);
  }
});

test('with lanes.rightsTimeout a start waits for rights that are given later, so long and no longer', async (t) => {
  const own = await job();
  const as = (...more: string[]): string[] => [...login('latecomer'), ...more];
  const short = await command(own, as('lanes.rightsTimeout=1s'), 'run');
  t.is(short.code, 77, short.out);
  const failFast = await command(own, as('lanes.rightsTimeout=10m'), 'run', '--fail-fast');
  t.is(failFast.code, 77, failFast.out);
  for (const { out } of [short, failFast])
    t.regex(out, /scorelane: user "latecomer" \(PLAIN\) lacks the rights/);

  const words = ['run', '--config', 'config/kafka.yaml', ...flags(own, as('lanes.rightsTimeout=10m'))];
  const daemon = new Program(words);
  await daemon.says(
    /not ready: user .*latecomer.* lacks the rights: .*; waiting \d+ s more for it \(lanes\.rightsTimeout\)/,
  );
  await allow(
    'latecomer',
    [TOPIC, own.input, READ, LITERAL],
    [GROUP, own.group, READ, LITERAL],
    [TOPIC, own.results, WRITE, LITERAL],
    [TOPIC, own.deadLetters, WRITE, LITERAL],
  );
  await daemon.says('"msg":"assigned"');
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);
});

test('a login that is refused ends with 77 and names the user', async (t) => {
  const { code, out } = await command(await job(), login('runner', 'guess'), 'run');
  t.is(code, 77, out);
  t.regex(
    out,
    /refuses the login of user "runner" \(PLAIN\) \(kafka\.sasl\.username, kafka\.sasl\.password\)/,
  );
});

test('a login that is made again on open connections is not noticed; where its password has changed meanwhile, run ends with 77', async (t) => {
  const own = await job();
  await allow(
    ROTATED,
    [TOPIC, own.input, READ, LITERAL],
    [GROUP, own.group, READ, LITERAL],
    [TOPIC, own.results, WRITE, LITERAL],
    [TOPIC, own.deadLetters, WRITE, LITERAL],
  );
  const as = [
    `kafka.bootstrap.servers=127.0.0.1:${port}`,
    'kafka.security.protocol=SASL_PLAINTEXT',
    'kafka.sasl.mechanism=SCRAM-SHA-256',
    `kafka.sasl.username=${ROTATED}`,
    'kafka.sasl.password=secret',
    'telemetry.logLevel=debug',
  ];
  const daemon = await startDaemon(own, as, [], { KAFKAJS_LOG_LEVEL: 'debug' });
  // Not among the first requests of its connection.
  await daemon.says(/"correlationId":([3-9]|\d\d+),[^\n]*Request SaslHandshake/);
  const before = daemon.out.length;
  await produce(own, 200, '--rate', 'max');
  await allCommitted(own, kafkaFor(settingsFor(own.address)), daemon);
  t.notRegex(daemon.out.slice(before), /"level":[456]0/);

  await java('password', broker().address, ROTATED, 'another');
  const { code, out } = await daemon.ended;
  t.is(code, 77, out);
  t.regex(
    out,
    /refuses the login of user \\"rotated\\" \(SCRAM-SHA-256\) \(kafka\.sasl\.username, kafka\.sasl\.password\)/,
  );
  t.notRegex(out, /is not a function/);
});

test('audit and dlq list read three topics and groups of their own; where they may not delete those it is a warning', async (t) => {
  const own = await job();
  for (const topic of [own.input, own.results, own.deadLetters])
    await allow('auditor', [TOPIC, topic, READ, LITERAL]);
  await allow('auditor', [GROUP, own.group, READ, PREFIXED]);
  await produce(own, 200, '--rate', 'max');
  await produce({ ...own, input: own.deadLetters, deadLetters: own.input }, 10, '--rate', 'max');
  for (const words of [['audit'], ['dlq', 'list']]) {
    const refused = await command(own, login('auditor'), ...words);
    t.is(refused.code, 0, refused.out);
    t.regex(refused.out, /were not deleted \(Delete on the group\)/);
  }
  await allow('auditor', [GROUP, own.group, DELETE, PREFIXED]);
  const { code, out } = await command(own, login('auditor'), 'audit');
  t.is(code, 0, out);
  t.notRegex(out, /not deleted/);
});

test('redrive writes the input too, and produce nothing else', async (t) => {
  const own = await job();
  for (const topic of [own.input, own.results, own.deadLetters])
    await allow('redriver', [TOPIC, topic, READ, LITERAL]);
  await allow('redriver', [GROUP, own.group, READ, PREFIXED], [TOPIC, own.input, WRITE, LITERAL]);
  await allow('producer', [TOPIC, own.input, WRITE, LITERAL]);
  const produced = await command(own, login('producer'), 'produce', '--count', '10');
  t.is(produced.code, 0, produced.out);
  const { code, out } = await command(own, login('redriver'), 'dlq', 'redrive');
  t.is(code, 0, out);
  const refused = await command(own, login('teller'), 'produce', '--count', '10');
  t.is(refused.code, 77, refused.out);
  t.true(refused.out.includes(`Write on topic "${own.input}"`), refused.out);
});

test('a group of clients with another protocol is named, with who is in it: 78', async (t) => {
  const own = await job();
  const { group, input } = own;
  const other = kafkaFor(settingsFor(broker().address, { 'client.id': 'a-stranger' })).consumer({
    groupId: group,
  });
  await other.connect();
  let joined = false;
  other.on(other.events.GROUP_JOIN, () => {
    joined = true;
  });
  await other.subscribe({ topics: [input] });
  await other.run({ eachBatch: async () => {} });
  await until('the other to join', () => joined);
  try {
    for (const words of [['check'], ['run']]) {
      const { code, out } = await command(own, [], ...words);
      t.is(code, 78, out);
      t.regex(
        out,
        /the group ".*" is in use by clients that share partitions in another way \(a-stranger on .*RoundRobin/,
      );
    }
  } finally {
    await other.disconnect();
  }
});

for (const strategy of ['range', 'cooperative-sticky']) {
  test(`a group of librdkafka's clients that share by ${strategy} is named, with who is in it: 78`, async (t) => {
    const own = await job();
    const { address } = broker();
    const stranger = { 'partition.assignment.strategy': strategy };
    const other = await librdkafkaMember(address, own.input, own.group, stranger);
    try {
      const ends = await Promise.all(['check', 'run'].map((words) => command(own, [], words)));
      for (const { code, out } of ends) {
        t.is(code, 78, out);
        const group = `the group "${own.group}" is in use by clients that share partitions in another way`;
        t.regex(out, new RegExp(`${group} \\(a-stranger on [^;]+; consumer protocol "${strategy}"`));
        t.regex(out, /stop them, or give this job a kafka\.group\.id of its own/);
      }
    } finally {
      await other.leave();
    }
  });
}

test('an address that a broker advertises and where none is, is said to be the one that was advertised', async (t) => {
  const { code, out } = await command(await job(), [`kafka.bootstrap.servers=127.0.0.1:${lost}`], 'check');
  t.is(code, 69, out);
  t.true(out.includes(`it answered, and named 127.0.0.1:${nowhere} as the address to use`), out);
});

test('partitions that are added to the input are read within metadata.max.age.ms', async (t) => {
  const own = await job();
  await createTopics(broker().address, { [`${own.input}-grows`]: 1 });
  const growing = { ...own, input: `${own.input}-grows` };
  const daemon = await startDaemon(growing, ['kafka.metadata.max.age.ms=500']);
  const admin = kafkaFor(settingsFor(broker().address)).admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: growing.input, count: 3 }] });
  await admin.disconnect();
  await daemon.says(/"partitions":\[[^\]]*-grows\/2@/);
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);
});
