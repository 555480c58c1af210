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
import { stamp } from '../log/record-batch-writer.ts';
import { type ConnectionClass, ownConnection } from './connection.ts';
import { type BrokerClass, brokerByIds, type ClusterClass, clusterByIds, fetchByIds } from './fetch-by-id.ts';
import { type GroupClass, hookedGroup } from './hooked-group.ts';
import type { OutgoingBatch } from './outgoing-batch.ts';
import { acknowledgedSend, type CreateSend, namingProduce, type ProduceProtocol } from './produce-answers.ts';
import { type RequestQueueClass, sleepingQueue } from './request-queue.ts';
import { sharedSend } from './shared-request.ts';
import { type RequestHead, SIZE_BYTES, writeInPieces } from './socket.ts';
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
  substitute('protocol/request.js', () => assembleRequest(require(internal('protocol/encoder.js'))));
  substitute('protocol/requests/produce/v3/request.js', () =>
    produceRequest(require(internal('protocol/encoder.js'))),
  );
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

interface Encoder {
  readonly buffer: Buffer;
  writeString(value: string | null): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
}

/** The body of a request in pieces, which are sent one after the other. */
interface Pieces {
  readonly pieces: readonly Uint8Array[];
}

interface Request {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<Encoder | Pieces>;
  };
}

/**
 * In place of kafkajs's function, which copies the body of a request twice, into buffers of twice
 * its size. Here nothing is copied.
 */
const assembleRequest =
  (EncoderClass: new (bytes: number) => Encoder) =>
  async ({ correlationId, clientId, request: { apiKey, apiVersion, encode } }: Request) => {
    const body = await encode();
    const bodyPieces = 'pieces' in body ? body.pieces : [body.buffer];
    const byteLength = bodyPieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const head = new EncoderClass(HEAD_BYTES)
      .writeInt32(0)
      .writeInt16(apiKey)
      .writeInt16(apiVersion)
      .writeInt32(correlationId)
      .writeString(clientId).buffer;
    head.writeInt32BE(head.byteLength - SIZE_BYTES + byteLength);
    const first: RequestHead = head;
    first.following = bodyPieces;
    return { buffer: first };
  };

const HEAD_BYTES = 255;

interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId: string | number;
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly OutgoingBatch[];
    }[];
  }[];
}

/**
 * Produce v3 (v4 to v8 delegate to it): writes the given record batches as they are, with the
 * producer id and sequence numbers put in.
 */
const produceRequest =
  (EncoderClass: new (bytes: number) => Encoder) =>
  ({ acks, timeout, transactionalId = null, producerId, producerEpoch, topicData }: ProduceArguments) => ({
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => acks !== 0,
    encode: async (): Promise<Pieces> => {
      const pieces: Uint8Array[] = [];
      const begin = (): Encoder => new EncoderClass(HEAD_BYTES);
      const head = begin().writeString(transactionalId).writeInt16(acks).writeInt32(timeout);
      pieces.push(head.writeInt32(topicData.length).buffer);
      for (const { topic, partitions } of topicData) {
        pieces.push(begin().writeString(topic).writeInt32(partitions.length).buffer);
        for (const { partition, messages } of partitions) {
          const [message, ...more] = messages;
          if (message === undefined || more.length > 0) {
            throw new SeamError(`a produce request takes one record batch for ${topic}/${partition}`);
          }
          const { value, baseSequence, onWrite } = message;
          onWrite();
          if (Number(producerId) >= 0) {
            const transactional = transactionalId !== null;
            stamp(value, { producerId: Number(producerId), producerEpoch, baseSequence, transactional });
          }
          pieces.push(begin().writeInt32(partition).writeInt32(value.byteLength).buffer, value);
        }
      }
      return { pieces };
    },
  });

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
