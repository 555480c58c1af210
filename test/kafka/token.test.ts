// Tokens: got by client credentials, kept while they are good for a while, and asked for once
// however many connections want one. A refusal names the keys and holds no secret.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { awsTokens, KafkaSettingsError, saslOptions } from '../../src/kafka/login.ts';
import { refreshed, TokenRefusedError, tokenEndpoint } from '../../src/kafka/token.ts';

const SECRET = 'canary:%&+ü';

async function endpointThat(
  answer: (body: URLSearchParams, request: IncomingMessage, response: ServerResponse) => void,
) {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    request.on('end', () => answer(new URLSearchParams(text), request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const ask = tokenEndpoint({
    'sasl.oauthbearer.token.endpoint.url': url,
    'sasl.oauthbearer.client.id': 'me',
    'sasl.oauthbearer.client.secret': SECRET,
    'sasl.oauthbearer.scope': 'kafka',
    'request.timeout.ms': 30_000,
  });
  return { ask, url, close: () => server.close() };
}

test('client credentials are sent as RFC 6749 wants them, in a header and a form', async (t) => {
  const { ask, close } = await endpointThat((body, request, response) => {
    t.deepEqual(Object.fromEntries(body), { grant_type: 'client_credentials', scope: 'kafka' });
    const login = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64');
    t.is(decodeURIComponent(login.toString()), `me:${SECRET}`);
    response.end(JSON.stringify({ access_token: 'token', expires_in: 3600 }));
  });
  const { value, expiresAtMs } = await ask();
  t.is(value, 'token');
  t.true(expiresAtMs > Date.now() + 3_000_000);
  close();
});

test('a client that is refused is told the keys, by an error that waiting does not mend', async (t) => {
  const { ask, url, close } = await endpointThat((_body, _request, response) => {
    response.statusCode = 401;
    response.end(JSON.stringify({ error: 'invalid_client', error_description: 'no such client' }));
  });
  const error = await t.throwsAsync(ask, { instanceOf: TokenRefusedError });
  t.is(
    error?.message,
    `the token endpoint ${url} (kafka.sasl.oauthbearer.token.endpoint.url) refuses the client "me" (kafka.sasl.oauthbearer.client.id, ` +
      'kafka.sasl.oauthbearer.client.secret, kafka.sasl.oauthbearer.scope): HTTP 401: invalid_client no such client',
  );
  close();
});

test('an endpoint that fails or is away is asked again, one that gives no token is not', async (t) => {
  let status = 503;
  const { ask, close } = await endpointThat((_body, _request, response) => {
    response.statusCode = status;
    response.end('{"access_token":"canary"}');
  });
  const failed = await t.throwsAsync(ask, { message: /fails: HTTP 503$/ });
  t.false(failed instanceof TokenRefusedError);
  status = 200;
  const odd = await t.throwsAsync(ask, { instanceOf: TokenRefusedError });
  t.false(odd?.message.includes('canary'));
  close();
  const away = await t.throwsAsync(ask, { message: /does not answer: / });
  t.false(away instanceof TokenRefusedError);
});

test('a token is kept until a fifth of its time is left, and one request serves all that ask', async (t) => {
  let [nowMs, asked] = [0, 0];
  const current = refreshed(
    async () => ({ value: `token ${++asked}`, expiresAtMs: nowMs + 100_000 }),
    () => nowMs,
  );
  const all = await Promise.all([current(), current(), current()]);
  t.deepEqual(new Set(all.map(({ value }) => value)), new Set(['token 1']));
  nowMs = 79_999;
  t.is((await current()).value, 'token 1');
  nowMs = 80_000;
  t.is((await current()).value, 'token 2');
});

test('a session that ends soon never gets the token of before', async (t) => {
  let asked = 0;
  const current = refreshed(
    async () => ({ value: String(++asked), expiresAtMs: 15_000 }),
    () => 0,
  );
  t.is((await current()).value, '1');
  t.is((await current()).value, '2');
});

test('a request that fails is made again by the next that asks', async (t) => {
  let asked = 0;
  const current = refreshed(async () => {
    if (++asked === 1) throw new Error('away');
    return { value: 'token', expiresAtMs: Number.POSITIVE_INFINITY };
  });
  await t.throwsAsync(current);
  t.is((await current()).value, 'token');
});

const SASL = { 'security.protocol': 'SASL_SSL', 'request.timeout.ms': 1_000 } as const;

test('AWS_MSK_IAM without its package says which one, and how it is installed', (t) => {
  t.throws(() => saslOptions({ ...SASL, 'sasl.mechanism': 'AWS_MSK_IAM', 'sasl.aws.region': 'eu-west-1' }), {
    instanceOf: KafkaSettingsError,
    message:
      /needs the package aws-msk-iam-sasl-signer-js, which does not load .*"npm install aws-msk-iam-sasl-signer-js@1\.0\.3"/,
  });
});

test('AWS_MSK_IAM takes the tokens of the signer for its region, with their times', async (t) => {
  const signer = {
    generateAuthToken: async ({ region }: { readonly region: string }) => ({
      token: `for ${region}`,
      expiryTime: 7,
    }),
  };
  t.deepEqual(await awsTokens('eu-west-1', () => signer)(), { value: 'for eu-west-1', expiresAtMs: 7 });
});

test('extensions are sent with each token', (t) => {
  const options = saslOptions({
    ...SASL,
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.oauthbearer.token.endpoint.url': 'http://127.0.0.1:1/token',
    'sasl.oauthbearer.client.id': 'me',
    'sasl.oauthbearer.client.secret': SECRET,
    'sasl.oauthbearer.extensions': 'logicalCluster=lkc-1,identityPoolId=pool-1',
  });
  t.is(options.mechanism, 'oauthbearer');
});
