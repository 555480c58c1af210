// What the source asks Kafka beside its fetches. Questions may be waiting for an answer when the
// connection is closed: kafkajs forgets its brokers then, and the questions end with any error. A
// later question would open the connection again.

import type { Admin } from 'kafkajs';
import { FencedError, type LogEnd } from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import { OffsetsByTime } from './offsets-by-time.ts';

const ENDED = 'the source was stopped';

/** All of them reject with `FencedError` after `end()`, also when they were asked before. */
export class Questions {
  readonly #admin: Admin;
  readonly #times: OffsetsByTime;
  #ended = false;

  constructor(admin: Admin) {
    this.#admin = admin;
    this.#times = new OffsetsByTime(admin);
  }

  begin(): Promise<void> {
    return this.#admin.connect();
  }

  /** See `Source.logEnds`. */
  logEnds(topic: string): Promise<readonly LogEnd[]> {
    return this.#ask(async () => {
      const found = await this.#admin.fetchTopicOffsets(topic);
      return found.map(({ partition, high }) => ({ topic, partition, logEnd: Number(high) }));
    });
  }

  /** See `Source.offsetAt`. */
  offsetAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    return this.#ask(() => this.#times.offsetAt(partition, timestampMs));
  }

  end(): Promise<void> {
    this.#ended = true;
    return this.#admin.disconnect();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new FencedError(ENDED);
    try {
      return await question();
    } catch (error) {
      if (this.#ended) throw new FencedError(ENDED, { cause: error });
      throw error;
    }
  }
}
