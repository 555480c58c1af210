// The one place where scorelane enters kafkajs. Before kafkajs is first loaded, five of its internal modules are
// substituted, so that a "message" is a whole record batch both ways, and so that a group member asks its lanes before
// it rejoins. Everything else is kafkajs's own: connections, metadata, groups, SASL, TLS, retries. Pinned to 2.2.4; the
// contract test (test/kafka/seam.test.ts) fails when a file that this relies on differs. Why: docs/decisions/0003.

import { createRequire } from 'node:module';
import { type AbortedTransaction, skippedBatches } from '../log/aborted.ts';
import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, OutOfRange } from '../log/ports.ts';
import { type RawRecordBatch, splitRecordBatches } from '../log/record-batch.ts';
import { stamp } from '../log/record-batch-writer.ts';
import type { TopicPartition } from '../log/topic-partition.ts';

export const KAFKAJS_VERSION = '2.2.4';

/** kafkajs is not the one that the seam was made for, or was loaded before it. */
export class SeamError extends Error {
  readonly code = 'SCORELANE_SEAM';
  override readonly name = 'SeamError';
}

/** What the consumer hands out as a message: one record batch. `offset` is its last one, which is what kafkajs resolves. */
export interface BatchMessage {
  readonly offset: string;
  readonly value: Uint8Array;
  readonly isControlRecord: false;
  readonly batch: RawRecordBatch;
  skip: boolean;
}

/** What the producer takes as a message: one encoded record batch. */
export interface OutgoingBatch {
  readonly value: Uint8Array;
  readonly partition: number;
  /** The sequence number of its first record, for the idempotent producer. */
  readonly baseSequence: number;
}

/** The parts of kafkajs's ConsumerGroup used here. */
export interface ConsumerGroup {
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly offsetManager: OffsetManager | null;
  readonly cluster: {
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning: boolean;
      }[],
    ): Promise<readonly { partitions: readonly { partition: number; offset: string }[] }[]>;
  };
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  pause(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  resume(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  seek(partition: { topic: string; partition: number; offset: string }): void;
}

interface OffsetManager {
  resolveOffsets(): Promise<void>;
  nextOffset(topic: string, partition: number): { toString(): string };
  resolveOffset(offset: { topic: string; partition: number; offset: string }): void;
  commitOffsets(offsets: {
    topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }): Promise<void>;
}

/** What a group member of ours is asked and told. kafkajs carries it on the partition assigner. */
export interface MemberHooks {
  /** A rejoin is about to begin. It waits for this. */
  joining(group: ConsumerGroup): Promise<void>;
  /** The member has its assignment of a new generation; `consecutive` when it missed none in between. */
  joined(group: ConsumerGroup, consecutive: boolean): void;
  /** The committed offsets of that assignment are known. Comes before anything of it is fetched. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /** The log does not hold the wanted offset. Returns where to go on, or null to stay. */
  outOfRange(event: Omit<OutOfRange, 'resumedAt'>, group: ConsumerGroup): NextOffset | null;
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
  substitute('protocol/requests/produce/v3/request.js', () =>
    produceRequest(require(internal('protocol/encoder.js'))),
  );
  substitute('consumer/filterAbortedMessages.js', () => markSkipped);
  substitute('producer/eosManager/index.js', (original) => ownSequences(original as CreateEosManager));
  substitute('consumer/consumerGroup.js', (original) => askingGroup(original as GroupClass));
  loaded = require('kafkajs') as KafkaJs;
  return loaded;
}

/** Puts another module in the place of one of kafkajs's; `make` is given the original's exports. */
function substitute(path: string, make: (original: unknown) => unknown): void {
  const id = internal(path);
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

/** Cuts a partition's record set into record batches and opens none of them. */
async function decodeMessages(decoder: Decoder): Promise<BatchMessage[]> {
  const byteLength = decoder.readInt32();
  if (byteLength <= 0 || !decoder.canReadBytes(byteLength)) return [];
  return splitRecordBatches(decoder.readBytes(byteLength)).map((batch) => ({
    offset: String(batch.header.lastOffset),
    value: batch.bytes,
    isControlRecord: false,
    batch,
    skip: false,
  }));
}

/** In place of kafkajs's filter: marks what must not be seen and keeps it, so that the lane can account for its offsets. */
function markSkipped(fetched: {
  readonly messages: readonly BatchMessage[];
  readonly abortedTransactions:
    | readonly { readonly producerId: string; readonly firstOffset: string }[]
    | null;
}): readonly BatchMessage[] {
  const aborted = (fetched.abortedTransactions ?? []).map(
    ({ producerId, firstOffset }): AbortedTransaction => ({
      producerId: Number(producerId),
      firstOffset: Number(firstOffset),
    }),
  );
  const skip = skippedBatches(
    fetched.messages.map(({ batch }) => batch),
    aborted,
  );
  fetched.messages.forEach((message, index) => {
    message.skip = skip[index] as boolean;
  });
  return fetched.messages;
}

interface Encoder {
  writeString(value: string | null): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeBufferInternal(bytes: Buffer): void;
}

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

const REQUEST_OVERHEAD_BYTES = 1024;

/** Produce v3 (v4 to v7 delegate to it): writes the given record batches as they are, stamped with the producer. */
const produceRequest =
  (EncoderClass: new (bytes: number) => Encoder) =>
  ({ acks, timeout, transactionalId = null, producerId, producerEpoch, topicData }: ProduceArguments) => ({
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => acks !== 0,
    encode: async () => {
      const byteLength = topicData
        .flatMap(({ partitions }) => partitions.flatMap(({ messages }) => messages))
        .reduce((sum, { value }) => sum + value.byteLength, REQUEST_OVERHEAD_BYTES);
      const encoder = new EncoderClass(byteLength);
      encoder.writeString(transactionalId).writeInt16(acks).writeInt32(timeout).writeInt32(topicData.length);
      for (const { topic, partitions } of topicData) {
        encoder.writeString(topic).writeInt32(partitions.length);
        for (const { partition, messages } of partitions) {
          const [message, ...more] = messages;
          if (message === undefined || more.length > 0) {
            throw new SeamError(`a produce request takes one record batch for ${topic}/${partition}`);
          }
          const { value, baseSequence } = message;
          if (Number(producerId) >= 0) {
            stamp(value, { producerId: Number(producerId), producerEpoch, baseSequence });
          }
          encoder.writeInt32(partition).writeInt32(value.byteLength);
          encoder.writeBufferInternal(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
        }
      }
      return encoder;
    },
  });

type EosManager = Record<string, unknown>;
type CreateEosManager = (options: { readonly transactional?: boolean }) => EosManager;

/**
 * kafkajs counts messages for sequence numbers, and lets one request at a time go to a broker. Our sink counts records and
 * keeps one request in flight for a partition, which is the rule that order needs.
 */
const ownSequences =
  (create: CreateEosManager): CreateEosManager =>
  (options) => {
    const manager = create(options);
    if (options.transactional === true) return manager;
    return {
      ...manager,
      acquireBrokerLock: async () => {},
      releaseBrokerLock: async () => {},
      getSequence: () => 0,
      updateSequence: () => {},
    };
  };

interface GroupOptions {
  readonly assigners: readonly { readonly hooks?: MemberHooks }[];
}

type GroupClass = new (
  options: GroupOptions,
) => ConsumerGroup & {
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<unknown[]>;
  recoverFromFetch(error: unknown): Promise<void>;
  recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void>;
};

/** A group member that asks its hooks before it rejoins, and tells them positions before it fetches. */
const askingGroup = (Group: GroupClass): GroupClass =>
  class AskingGroup extends Group {
    readonly #hooks: MemberHooks | undefined;
    #joining: Promise<void> | undefined;
    #announcing: Promise<void> | undefined;
    #announced = true;

    constructor(options: GroupOptions) {
      super(options);
      this.#hooks = options.assigners[0]?.hooks;
    }

    override joinAndSync(): Promise<void> {
      // Several fetchers may want to rejoin at once: they share one.
      this.#joining ??= this.#join().finally(() => {
        this.#joining = undefined;
      });
      return this.#joining;
    }

    async #join(): Promise<void> {
      await this.#hooks?.joining(this);
      const before = this.generationId;
      await super.joinAndSync();
      this.#announced = this.#hooks === undefined;
      this.#hooks?.joined(this, before !== null && this.generationId === before + 1);
    }

    override async fetch(nodeId: number): Promise<unknown[]> {
      try {
        this.#announcing ??= this.#announce().finally(() => {
          this.#announcing = undefined;
        });
        await this.#announcing;
      } catch (error) {
        await super.recoverFromFetch(error);
        return [];
      }
      return super.fetch(nodeId);
    }

    async #announce(): Promise<void> {
      const manager = this.offsetManager;
      if (this.#announced || manager === null) return;
      await manager.resolveOffsets();
      if (manager !== this.offsetManager) return;
      this.#announced = true;
      this.#hooks?.assigned(
        this.assigned().flatMap(({ topic, partitions }) =>
          partitions.map((partition) => ({
            topic,
            partition,
            position: Number(manager.nextOffset(topic, partition).toString()) as NextOffset,
          })),
        ),
      );
    }

    override async recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void> {
      const { topic, partition } = error;
      if (this.#hooks === undefined || this.offsetManager === null)
        return super.recoverFromOffsetOutOfRange(error);
      const [logStart, logEnd] = await Promise.all([
        this.#logOffset(error, true),
        this.#logOffset(error, false),
      ]);
      const position = Number(this.offsetManager.nextOffset(topic, partition).toString());
      const next = this.#hooks.outOfRange({ topic, partition, position, logStart, logEnd }, this);
      if (next === null) this.pause([{ topic, partitions: [partition] }]);
      else this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
    }

    async #logOffset({ topic, partition }: TopicPartition, fromBeginning: boolean): Promise<number> {
      const [found] = await this.cluster.fetchTopicsOffset([
        { topic, partitions: [{ partition }], fromBeginning },
      ]);
      return Number(found?.partitions[0]?.offset);
    }
  };
