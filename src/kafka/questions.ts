// Questions to Kafka that may be waiting for an answer when the connection is closed. kafkajs
// forgets its brokers then, and the questions end with any error. A later question would open the
// connection again.

import { FencedError } from '../log/ports.ts';

const ENDED = 'the source was stopped';

export class Questions {
  #ended = false;

  /** Rejects with `FencedError` after `end()`, also when the question was asked before. */
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
