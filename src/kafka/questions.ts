// Questions to Kafka that may be under way when their connection is closed. kafkajs forgets its
// brokers under them, and they end with whatever error that makes; one asked later would open the
// connection again.

import { FencedError } from '../log/ports.ts';

const ENDED = 'the source was stopped';

export class Questions {
  #ended = false;

  /** Rejects with `FencedError` when they have ended meanwhile, or before. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new FencedError(ENDED);
    try {
      return await question();
    } catch (error) {
      if (this.#ended) throw new FencedError(ENDED, { cause: error });
      throw error;
    }
  }

  end(): void {
    this.#ended = true;
  }
}
