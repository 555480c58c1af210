// The daemon on a broker that trusts nobody: with mutual TLS, and with OAUTHBEARER from a token
// endpoint, it checks and scores with the rights of the operating guide alone. What goes wrong is
// told in its own words with the key to change, and no secret stands anywhere that a daemon writes.

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { freePort } from '../../tools/broker.ts';
import { ensureKafkaTools } from '../../tools/kafka-tools.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import {
  allCommitted,
  flags,
  type Job,
  newJob,
  Program,
  produce,
  ROOT,
  startDaemon,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { servedToAnybody } from '../support/open-paths.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const folder = tempFolder('secure');
const inFolder = (name: string): string => join(folder, name);
const STORE = 'hush-hush';
const SECRET = 'canary-of-the-client';
const CANARIES = [SECRET, 'canary-of-the-key', 'canary-in-the-token'];
const [mutual, oauth, expired, elsewhere] = [
  await freePort(),
  await freePort(),
  await freePort(),
  await freePort(),
];

/** A key and its certificate, in a store of Java's and as PEM. */
async function certificate(name: string, host: string, ...more: string[]): Promise<void> {
  const store = ['-keystore', inFolder(`${name}.p12`), '-storetype', 'PKCS12', '-storepass', STORE];
  const subject = [
    '-dname',
    `CN=${name}, O=Example Ltd`,
    '-ext',
    `SAN=${host}`,
    '-keyalg',
    'RSA',
    '-validity',
    '2',
    ...more,
  ];
  await run('keytool', ['-genkeypair', ...store, '-alias', name, ...subject]);
  await run('keytool', ['-exportcert', '-rfc', ...store, '-alias', name, '-file', inFolder(`${name}.pem`)]);
}

await Promise.all([
  certificate('broker', 'IP:127.0.0.1'),
  certificate('expired', 'IP:127.0.0.1', '-startdate', '-5d'),
  certificate('elsewhere', 'DNS:elsewhere.example'),
  certificate('daemon', 'DNS:daemon.example'),
]);
await run('openssl', [
  ...['pkcs12', '-in', inFolder('daemon.p12'), '-passin', `pass:${STORE}`, '-nocerts'],
  ...['-passout', 'pass:canary-of-the-key', '-out', inFolder('daemon.key')],
]);
const trust = ['-keystore', inFolder('trust.p12'), '-storetype', 'PKCS12', '-storepass', STORE, '-noprompt'];
await run('keytool', ['-importcert', ...trust, '-alias', 'daemon', '-file', inFolder('daemon.pem')]);

/** Tokens as a broker without a key set takes them: not signed, good for twelve seconds. */
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let tokens = 0;
const endpoint = createServer((request, response) => {
  const login = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
  if (login !== `scorelane:${SECRET}`) {
    response.statusCode = 401;
    response.end(JSON.stringify({ error: 'invalid_client' }));
    return;
  }
  tokens++;
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { sub: 'scorelane', iat: nowS, exp: nowS + 12, jti: 'canary-in-the-token' };
  response.end(
    JSON.stringify({ access_token: `${encoded({ alg: 'none' })}.${encoded(claims)}.`, expires_in: 12 }),
  );
});
await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
test.after.always(() => {
  endpoint.close();
});
const tokenUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`;

const keystore = (listener: string, name: string) => ({
  [`listener.name.${listener}.ssl.keystore.location`]: inFolder(`${name}.p12`),
  [`listener.name.${listener}.ssl.keystore.type`]: 'PKCS12',
  [`listener.name.${listener}.ssl.keystore.password`]: STORE,
});
const broker = withBroker(test, {
  listeners: [
    `MUTUAL://127.0.0.1:${mutual}`,
    `OAUTH://127.0.0.1:${oauth}`,
    `EXPIRED://127.0.0.1:${expired}`,
    `ELSEWHERE://127.0.0.1:${elsewhere}`,
  ],
  properties: {
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,MUTUAL:SSL,OAUTH:SASL_SSL,EXPIRED:SSL,ELSEWHERE:SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    ...keystore('mutual', 'broker'),
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.mutual.ssl.truststore.location': inFolder('trust.p12'),
    'listener.name.mutual.ssl.truststore.type': 'PKCS12',
    'listener.name.mutual.ssl.truststore.password': STORE,
    ...keystore('oauth', 'broker'),
    'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.oauth.oauthbearer.connections.max.reauth.ms': '3600000',
    'listener.name.oauth.oauthbearer.sasl.jaas.config':
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
    ...keystore('expired', 'expired'),
    ...keystore('elsewhere', 'elsewhere'),
  },
});

const own = (port: number, protocol: string, ca: string, ...more: string[]): string[] => [
  ...[`kafka.bootstrap.servers=127.0.0.1:${port}`, `kafka.security.protocol=${protocol}`],
  ...[`kafka.ssl.ca.location=${inFolder(`${ca}.pem`)}`, ...more],
];
const secretFile = (name: string, secret: string): string => {
  writeFileSync(inFolder(name), `${secret}\n`);
  return ['$', `{FILE:${inFolder(name)}}`].join('');
};
const WITH_CERTIFICATE = own(
  ...[mutual, 'SSL', 'broker', `kafka.ssl.certificate.location=${inFolder('daemon.pem')}`],
  ...[`kafka.ssl.key.location=${inFolder('daemon.key')}`],
  `kafka.ssl.key.password=${secretFile('key-password', 'canary-of-the-key')}`,
);
const withToken = (secret: string): string[] =>
  own(
    ...[oauth, 'SASL_SSL', 'broker', 'kafka.sasl.mechanism=OAUTHBEARER'],
    `kafka.sasl.oauthbearer.token.endpoint.url=${tokenUrl}`,
    ...['kafka.sasl.oauthbearer.client.id=scorelane', `kafka.sasl.oauthbearer.client.secret=${secret}`],
  );

// Of Kafka's protocol: topic, group; Read, Write; literal names.
const RIGHTS = (job: Job) =>
  [
    { resourceType: 2, resourceName: job.input, operation: 3, words: `Read on topic "${job.input}"` },
    { resourceType: 3, resourceName: job.group, operation: 3, words: `Read on group "${job.group}"` },
    { resourceType: 2, resourceName: job.results, operation: 4, words: `Write on topic "${job.results}"` },
    {
      resourceType: 2,
      resourceName: job.deadLetters,
      operation: 4,
      words: `Write on topic "${job.deadLetters}"`,
    },
  ] as const;

async function rights(job: Job, principal: string): Promise<(without: number | null) => Promise<void>> {
  const admin = kafkaFor(settingsFor(broker().address)).admin();
  const entry = ({ words: _, ...right }: ReturnType<typeof RIGHTS>[number]) => ({
    ...{ ...right, resourcePatternType: 3, principal, host: '*', permissionType: 3 },
  });
  return async (without) => {
    await admin.connect();
    await admin.createAcls({ acl: RIGHTS(job).map(entry) });
    if (without !== null) await admin.deleteAcls({ filters: [entry(RIGHTS(job)[without] as never)] });
    await admin.disconnect();
  };
}

const command = (job: Job, as: readonly string[], ...words: string[]) =>
  new Program([...words, '--config', 'config/kafka.yaml', ...flags(job, as)]).ended;
const withoutCanaries = (text: string): boolean => CANARIES.every((canary) => !text.includes(canary));

for (const [what, principal, login] of [
  ['a certificate', 'User:CN=daemon,O=Example Ltd', WITH_CERTIFICATE],
  ['a token', 'User:scorelane', withToken(secretFile('client-secret', SECRET))],
] as const) {
  test.serial(
    `with ${what} and the smallest rights the daemon scores, and writes no secret anywhere`,
    async (t) => {
      const job = await newJob(broker().address, ['model.backend=wasm'], 2);
      const grant = await rights(job, principal);
      for (const [index, { words }] of RIGHTS(job).entries()) {
        await grant(index);
        const { code, out } = await command(job, login, 'check');
        t.is(code, 77, out);
        t.true(out.includes(words), `${words} in ${out}`);
        for (const other of RIGHTS(job)) t.is(out.includes(other.words), other.words === words, out);
      }
      await grant(null);
      const [checked, json] = await Promise.all([
        command(job, login, 'check'),
        command(job, login, 'check', '--json'),
      ]);
      t.is(checked.code, 0, checked.out);
      const before = tokens;
      const dumps = mkdtempSync(inFolder('dumps-'));
      const daemon = await startDaemon(job, [...login, 'telemetry.logLevel=trace'], [], { TMPDIR: dumps });
      await produce(job, 200, '--rate', 'max');
      await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
      if (what === 'a token') {
        // A session ends with its token: the daemon logs in again, and goes on.
        await until('more tokens', () => tokens >= before + 4);
        await produce(job, 200, '--rate', 'max');
        await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
      }
      const [, url = ''] = /http at (http:\S+\d): /.exec(daemon.out) ?? [];
      const served = await servedToAnybody(url);
      daemon.child.kill('SIGUSR2');
      await daemon.says('the state is dumped to');
      const { code, out } = await daemon.stop();
      t.is(code, 0, out);
      t.notRegex(out, /"msg":"the consumer|lost/);
      const files = readdirSync(dumps, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.json'),
      );
      t.true(files.length > 0);
      const written = [
        checked.out,
        json.out,
        out,
        ...served,
        ...files.map((name) => readFileSync(join(dumps, name), 'utf8')),
      ];
      for (const text of written) t.true(withoutCanaries(text), text);
    },
  );
}

const WRONG: Readonly<Record<string, readonly [as: readonly string[], message: RegExp]>> = {
  'an authority that is not trusted': [
    own(mutual, 'SSL', 'elsewhere'),
    /signed by an authority that is not trusted: name the PEM file of its authority in kafka\.ssl\.ca\.location/,
  ],
  'a certificate that has expired': [own(expired, 'SSL', 'expired'), /the broker's certificate has expired/],
  'a certificate of another host': [
    own(elsewhere, 'SSL', 'elsewhere'),
    /names other hosts than the one that was called \(kafka\.bootstrap\.servers, .*kafka\.ssl\.endpoint\.identification\.algorithm/,
  ],
  'no certificate of our own': [
    own(mutual, 'SSL', 'broker'),
    /the broker refuses our certificate, or wants one \(kafka\.ssl\.certificate\.location, kafka\.ssl\.key\.location\)/,
  ],
  'a wrong client secret': [
    withToken('canary-of-the-key'),
    /the token endpoint .* refuses the client "scorelane" \(.*kafka\.sasl\.oauthbearer\.client\.secret, .*HTTP 401: invalid_client/,
  ],
};

for (const [what, [as, message]] of Object.entries(WRONG)) {
  test(`${what} ends check with 77, and is told in its own words`, async (t) => {
    const job = await newJob(broker().address, ['model.backend=wasm'], 1);
    const { code, out } = await command(job, as, 'check');
    t.is(code, 77, out);
    t.regex(out, message);
    t.true(withoutCanaries(out), out);
  });
}

test.serial('the lines of the documents give exactly these rights', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm'], 2);
  const tools = await ensureKafkaTools();
  const guide = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
  const lines = [...guide.matchAll(/^kafka-acls\.sh .*$/gm)].map(([line]) => line);
  t.is(lines.length, RIGHTS(job).length + 1, 'and one more for transactions');
  const login = withToken(secretFile('client-secret', SECRET));
  for (const line of lines) {
    const typed = line
      .replace('HOST:9092', broker().address)
      .replace('--topic transactions', `--topic ${job.input}`)
      .replace('--topic scores', `--topic ${job.results}`)
      .replace('--topic dead-letters', `--topic ${job.deadLetters}`)
      .replace(/--group \S+/, `--group ${job.group}`);
    await run(join(tools, 'kafka-acls.sh'), typed.split(' ').slice(1));
  }
  const { code, out } = await command(job, login, 'check');
  t.is(code, 0, out);
  const { code: transactional, out: said } = await command(
    job,
    [...login, 'kafka.transactional.id=payments'],
    'check',
  );
  t.is(transactional, 0, said);
});

test.serial(
  'the commands that check prints give what run needs, and what it takes to look at settings',
  async (t) => {
    t.timeout(180_000);
    const tools = await ensureKafkaTools();
    const logins = [WITH_CERTIFICATE, withToken(secretFile('client-secret', SECRET))];
    for (const login of logins) {
      const job = await newJob(broker().address, ['model.backend=wasm'], 1);
      const as = [...login, 'kafka.transactional.id=payments'];
      const before = await command(job, as, 'check');
      t.is(before.code, 77, before.out);
      const lines = [...before.out.matchAll(/^ {2}(kafka-acls\.sh --bootstrap-server) \S+ (.*)$/gm)];
      t.is(lines.length, 4, before.out);
      for (const [, tool, words] of lines)
        await run('bash', [
          '-c',
          `${join(tools, tool ?? '').replace(/ .*/, '')} --bootstrap-server ${broker().address} ${words}`,
        ]);
      const after = await command(job, as, 'check');
      t.is(after.code, 0, after.out);
      t.notRegex(after.out, /DescribeConfigs on .* is missing/);
      t.true(withoutCanaries(after.out), after.out);
    }
  },
);
