// The one place where scorelane enters kafkajs. Before kafkajs is first loaded, some of its
// internal modules are substituted. Then a "message" is a whole record batch in both directions, a
// missing answer is no acknowledgement, and a group member asks its lanes before it rejoins.
// Everything else is kafkajs's own: connections, metadata, groups, SASL, TLS, retries. Pinned to
// 2.2.4; the contract test (test/kafka/seam.test.ts) fails when a file that we rely on differs.
// Why: docs/decisions/0003.

import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { ScorelaneError } from '../base/errors.ts';
import { type RawRecordBatch, splitRecordBatches } from '../log/record-batch.ts';
import { assembleRequest } from './assemble.ts';
import { type ConnectionClass, ownConnection } from './connection.ts';
import { type BrokerClass, brokerByIds, type ClusterClass, clusterByIds, fetchByIds } from './fetch-by-id.ts';
import { type GroupClass, hookedGroup } from './hooked-group.ts';
import { acknowledgedSend, type CreateSend, namingProduce, type ProduceProtocol } from './produce-answers.ts';
import { produceRequest } from './produce-request.ts';
import { type RequestQueueClass, sleepingQueue } from './request-queue.ts';
import { sharedSend } from './shared-request.ts';
import { writeInPieces } from './socket.ts';
import { brokerWithStableOffsets, type OffsetBrokerClass, stableOffsetFetch } from './stable-offsets.ts';
import { metadataWithIds } from './topic-ids.ts';

export const KAFKAJS_VERSION = '2.2.4';

/** This kafkajs is not the version that the seam was made for, or it was loaded before the seam. */
export class SeamError extends ScorelaneError {
  readonly code = 'SCORELANE_SEAM';
}

type KafkaJs = typeof import('kafkajs');

const require = createRequire(import.meta.url);
const internal = (path: string): string => `kafkajs/src/${path}`;

let loaded: KafkaJs | undefined;

/** Loads kafkajs with the seam in place. Throws `SeamError`. */
export function loadKafkaJs(): KafkaJs {
  if (loaded !== undefined) return loaded;
  const { version } = require('kafkajs/package.json') as { readonly version: string };
  if (version !== KAFKAJS_VERSION) {
    throw new SeamError(`kafkajs is ${version}, the seam is made for ${KAFKAJS_VERSION}`);
  }
  if (require.cache[require.resolve('kafkajs')] !== undefined) {
    throw new SeamError('kafkajs was loaded before the seam');
  }
  substitute('protocol/requests/fetch/v4/decodeMessages.js', () => decodeMessages);
  substitute('protocol/request.js', () => assembleRequest);
  const requestOf = produceRequest((message) => new SeamError(message));
  substitute('protocol/requests/produce/v3/request.js', () => requestOf);
  substitute('protocol/requests/metadata/index.js', (original) =>
    metadataWithIds(original as Parameters<typeof metadataWithIds>[0]),
  );
  substitute('protocol/requests/fetch/index.js', (original) =>
    fetchByIds(original as Parameters<typeof fetchByIds>[0], splitRecordBatches),
  );
  substitute('protocol/requests/offsetFetch/index.js', (original) =>
    stableOffsetFetch(original as Parameters<typeof stableOffsetFetch>[0]),
  );
  substitute('protocol/requests/produce/index.js', (original) => {
    const { createErrorFromCode } = require(internal('protocol/error.js'));
    return namingProduce(
      original as ProduceProtocol,
      requestOf,
      require(internal('protocol/decoder.js')),
      createErrorFromCode,
    );
  });
  substitute('producer/sendMessages.js', (original) => {
    const { createErrorFromCode } = require(internal('protocol/error.js'));
    return sharedSend(acknowledgedSend(original as CreateSend), createErrorFromCode);
  });
  substitute('network/socket.js', (original) => {
    const create = original as (options: object) => Socket;
    return (options: object) => writeInPieces(create(options));
  });
  substitute('network/requestQueue/index.js', (original) => sleepingQueue(original as RequestQueueClass));
  // These come after the modules that they load themselves.
  substitute('network/connection.js', (original) => ownConnection(original as ConnectionClass));
  substitute('broker/index.js', (original) => {
    const asking: unknown = brokerWithStableOffsets(original as OffsetBrokerClass);
    return brokerByIds(asking as BrokerClass);
  });
  substitute('cluster/index.js', (original) => clusterByIds(original as ClusterClass));
  substitute('producer/eosManager/index.js', (original) => ownSequences(original as CreateEosManager));
  substitute('consumer/consumerGroup.js', (original) => hookedGroup(original as GroupClass));
  loaded = require('kafkajs') as KafkaJs;
  return loaded;
}

/** kafkajs's own encoder and decoder, for requests in versions that it does not have. */
export function protocolCodec<E, D>(): {
  readonly Encoder: new () => E;
  readonly Decoder: new (bytes: Buffer) => D;
} {
  loadKafkaJs();
  return {
    Encoder: require(internal('protocol/encoder.js')) as new () => E,
    Decoder: require(internal('protocol/decoder.js')) as new (bytes: Buffer) => D,
  };
}

/** Replaces a module of kafkajs; `make` gets the exports of the original. */
function substitute(path: string, make: (original: unknown) => unknown): void {
  const id = internal(path);
  // A module that has loaded it already keeps the original.
  if (require.cache[require.resolve(id)] !== undefined)
    throw new SeamError(`kafkajs's ${path} was loaded before it could be substituted`);
  const original: unknown = require(id);
  const module = require.cache[require.resolve(id)];
  if (module === undefined) throw new SeamError(`kafkajs has no module ${path}`);
  module.exports = make(original);
}

/** kafkajs's Decoder, as far as used. */
interface Decoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

/** Cuts the record set of a partition into record batches, and opens none of them. */
async function decodeMessages(decoder: Decoder): Promise<RawRecordBatch[]> {
  const byteLength = decoder.readInt32();
  if (byteLength <= 0 || !decoder.canReadBytes(byteLength)) return [];
  return splitRecordBatches(decoder.readBytes(byteLength));
}

type EosManager = Record<string, unknown>;
type CreateEosManager = (options: object) => EosManager;

/**
 * kafkajs counts messages for its sequence numbers, and sends one request at a time to a broker.
 * Our sink counts records, and keeps one request in flight for each partition: that is enough for
 * the order.
 */
const ownSequences =
  (create: CreateEosManager): CreateEosManager =>
  (options) => {
    const manager = create(options);
    return {
      ...manager,
      acquireBrokerLock: async () => {},
      releaseBrokerLock: async () => {},
      getSequence: () => 0,
      updateSequence: () => {},
    };
  };
