// Gathers the record batches that are sent in one moment, so that they share a request: a request
// costs the same for one partition as for many.

import type { Producer } from 'kafkajs';
import type { OutgoingBatch, SharedOutcome } from './outgoing-batch.ts';

/** Kafka's own client takes so much into one request. */
const REQUEST_BYTES_MAX = 1024 * 1024;

interface Waiting {
  readonly topic: string;
  readonly message: OutgoingBatch;
}

export class Gatherer {
  readonly #producer: Producer;
  readonly #how: { readonly acks: number; readonly timeout: number };
  #waiting: Waiting[] = [];

  constructor(producer: Producer, how: { readonly acks: number; readonly timeout: number }) {
    this.#producer = producer;
    this.#how = how;
  }

  /** Never rejects. Batches that were answered together are told in one turn. */
  send(topic: string, message: OutgoingBatch): Promise<SharedOutcome> {
    return new Promise((answered) => {
      this.#waiting.push({ topic, message: { ...message, answered } });
      // All that are sent in this turn come before it.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#sendAll());
    });
  }

  #sendAll(): void {
    let request: Waiting[] = [];
    let byteLength = 0;
    for (const waiting of this.#waiting) {
      byteLength += waiting.message.value.byteLength;
      if (byteLength > REQUEST_BYTES_MAX && request.length > 0) {
        void this.#request(request);
        request = [];
        byteLength = waiting.message.value.byteLength;
      }
      request.push(waiting);
    }
    this.#waiting = [];
    void this.#request(request);
  }

  async #request(sent: readonly Waiting[]): Promise<void> {
    const topicMessages = [...Map.groupBy(sent, ({ topic }) => topic)].map(([topic, own]) => ({
      topic,
      // A record batch stands where kafkajs expects a message; the seam writes it as it is.
      messages: own.map(({ message }) => message as unknown as { value: Buffer; partition: number }),
    }));
    // What fails is told as unknown: each batch is sent alone then, and says why that fails.
    await this.#producer.sendBatch({ ...this.#how, topicMessages }).catch(() => {});
    for (const { message } of sent) message.answered?.('unknown');
  }
}
