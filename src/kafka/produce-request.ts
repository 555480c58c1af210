// Produce v3 (v4 to v8 delegate to it) in place of kafkajs's: the given record batches are written
// as they are, with the producer id and sequence numbers put in. Nothing of them is copied, and all
// that stands between them is in one buffer.

import { stamp } from '../log/record-batch-writer.ts';
import type { OutgoingBatch } from './outgoing-batch.ts';

/** The body of a request in pieces, which are sent one after the other. */
export interface Pieces {
  readonly pieces: readonly Uint8Array[];
}

export interface ProduceArguments {
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

const INT16_BYTES = 2;
const INT32_BYTES = 4;
const NO_STRING = -1;

/** `wrong` makes the error for a request that this cannot write. */
export const produceRequest =
  (wrong: (message: string) => Error) =>
  ({ acks, timeout, transactionalId = null, producerId, producerEpoch, topicData }: ProduceArguments) => ({
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => acks !== 0,
    encode: async (): Promise<Pieces> => {
      const between = new Between(byteLengthBetween(transactionalId, topicData));
      between.string(transactionalId);
      between.int16(acks);
      between.int32(timeout);
      between.int32(topicData.length);
      const pieces: Uint8Array[] = [];
      for (const { topic, partitions } of topicData) {
        between.string(topic);
        between.int32(partitions.length);
        for (const { partition, messages } of partitions) {
          const [message, ...more] = messages;
          if (message === undefined || more.length > 0)
            throw wrong(`a produce request takes one record batch for ${topic}/${partition}`);
          const { value, baseSequence, onWrite } = message;
          onWrite();
          if (Number(producerId) >= 0) {
            const transactional = transactionalId !== null;
            stamp(value, { producerId: Number(producerId), producerEpoch, baseSequence, transactional });
          }
          between.int32(partition);
          between.int32(value.byteLength);
          pieces.push(between.cut(), value);
        }
      }
      return { pieces };
    },
  });

function byteLengthBetween(transactionalId: string | null, topicData: ProduceArguments['topicData']): number {
  const stringBytes = (value: string | null): number => INT16_BYTES + Buffer.byteLength(value ?? '');
  return topicData.reduce(
    (sum, { topic, partitions }) =>
      sum + stringBytes(topic) + INT32_BYTES + partitions.length * 2 * INT32_BYTES,
    stringBytes(transactionalId) + INT16_BYTES + 2 * INT32_BYTES,
  );
}

/** Writes what stands between the record batches. */
class Between {
  readonly #bytes: Buffer;
  #start = 0;
  #end = 0;

  constructor(byteLength: number) {
    this.#bytes = Buffer.allocUnsafe(byteLength);
  }

  int16(value: number): void {
    this.#end = this.#bytes.writeInt16BE(value, this.#end);
  }

  int32(value: number): void {
    this.#end = this.#bytes.writeInt32BE(value, this.#end);
  }

  string(value: string | null): void {
    this.int16(value === null ? NO_STRING : Buffer.byteLength(value));
    if (value !== null) this.#end += this.#bytes.write(value, this.#end);
  }

  /** What was written since the last cut. */
  cut(): Uint8Array {
    const piece = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return piece;
  }
}
