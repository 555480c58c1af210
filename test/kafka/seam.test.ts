// The contract with kafkajs: the seam substitutes some of its files and relies on others. If any of
// them differs from the one it was made for, this fails; read the new file, adapt
// src/kafka/seam.ts, and only then renew the hash.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'ava';
import { KAFKAJS_VERSION, loadKafkaJs } from '../../src/kafka/seam.ts';

const require = createRequire(import.meta.url);

const HASHES: Readonly<Record<string, string>> = {
  'protocol/requests/fetch/v4/decodeMessages.js': 'd9fede59bebf84ee',
  'protocol/requests/metadata/index.js': '9db984ef0bbcd73a',
  'protocol/requests/metadata/v6/response.js': '08626a1a2f73fbb4',
  'protocol/requests/fetch/index.js': 'b0961e16fca52023',
  'protocol/requests/fetch/v0/response.js': 'd2113e87d8609a79',
  'protocol/requests/offsetFetch/index.js': '518af17259c0ff4e',
  'protocol/requests/offsetFetch/v4/response.js': '015308aef1c0d495',
  'protocol/requests/offsetFetch/v2/response.js': 'd3dd18414a6228d7',
  'broker/index.js': '9cbea8898528c439',
  'cluster/index.js': '3831a6845e4e9fb0',
  'protocol/requests/fetch/v4/response.js': 'e854933fa63e3b4b',
  'protocol/requests/fetch/v11/response.js': '9cb972647500104e',
  'protocol/requests/produce/v3/request.js': '993a3db997827088',
  'protocol/requests/produce/v3/response.js': '2f36048c7ca33a69',
  'protocol/requests/produce/v7/request.js': 'bc64c2f2d7feb31a',
  'protocol/requests/produce/index.js': '789abc7e1c33a99e',
  'protocol/requests/index.js': 'fd26a30565d7f0c1',
  'producer/responseSerializer.js': 'fae4bfc9539e975e',
  'protocol/error.js': '8911e3226a8aebdd',
  'retry/index.js': '6b10590bb8c285ee',
  'protocol/request.js': '2270900ca6474026',
  'network/connection.js': '2a993b2e74421ca6',
  'network/requestQueue/index.js': 'b55986089c14f8f7',
  'network/requestQueue/socketRequest.js': 'dde28f8e26c6d17f',
  'network/socket.js': '9922c37e8a4d9e6b',
  'protocol/encoder.js': '9977889e184a9e91',
  'protocol/decoder.js': '83c43fac8d6b8ef2',
  'consumer/consumerGroup.js': 'f3e461738585a8dc',
  'consumer/runner.js': 'fad3247df2e3ba48',
  'consumer/fetcher.js': 'a9418ebe7cffdbac',
  'consumer/fetchManager.js': '9a07c96b6150d654',
  'consumer/subscriptionState.js': 'c51f24251b58ee5d',
  'consumer/offsetManager/index.js': 'bd1041968ae32232',
  'consumer/index.js': 'cdf5b3d7c67364b2',
  'consumer/assignerProtocol.js': 'd35452ae300d0221',
  'producer/eosManager/index.js': 'a74ae029d7aa786b',
  'producer/sendMessages.js': '8a120e6993955e04',
  'producer/messageProducer.js': '529636e6ab99b297',
  'producer/groupMessagesPerPartition.js': 'ea72357721fbf677',
  'producer/createTopicData.js': '26da133f71f776a6',
};

test('kafkajs has the version that the seam was made for', (t) => {
  t.is((require('kafkajs/package.json') as { version: string }).version, KAFKAJS_VERSION);
});

for (const [file, expected] of Object.entries(HASHES)) {
  test(`kafkajs's ${file} is the one that the seam was made for`, (t) => {
    const content = readFileSync(require.resolve(`kafkajs/src/${file}`));
    t.is(createHash('sha256').update(content).digest('hex').slice(0, 16), expected);
  });
}

test('what is substituted is what kafkajs then uses', (t) => {
  loadKafkaJs();
  const named = (path: string): string => (require(`kafkajs/src/${path}`) as { name: string }).name;
  t.is(named('protocol/requests/fetch/v4/decodeMessages.js'), 'decodeMessages');
  t.is(named('consumer/consumerGroup.js'), 'HookedGroup');
  t.is(named('broker/index.js'), 'BrokerByIds');
  type Versions = { readonly versions: readonly string[] };
  type Requests = { readonly Metadata: Versions; readonly Fetch: Versions; readonly OffsetFetch: Versions };
  const { requests } = require('kafkajs/src/protocol/requests') as { readonly requests: Requests };
  const latest = [requests.Metadata, requests.Fetch, requests.OffsetFetch].map(({ versions }) =>
    versions.at(-1),
  );
  t.deepEqual(latest, ['10', '13', '7']);
  t.is(named('cluster/index.js'), 'ClusterByIds');
  t.is(named('network/connection.js'), 'OwnConnection');
  t.is(named('network/requestQueue/index.js'), 'SleepingQueue');
});
