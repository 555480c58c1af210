// That the micro-batches of a lane come into its state one after the other, without a gap. One that fails before it reaches the thread has
// changed nothing there, so the thread would take the next one for what it waits for.

import type { MicroBatch } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import { StateLostError } from './lane-states.ts';

export class Followed {
  /** One past the last micro-batch that was sent whole. */
  #to: number;

  constructor(from: number) {
    this.#to = from;
  }

  /** Throws `StateLostError` when one before never reached the thread. */
  expect(microBatch: MicroBatch): void {
    const { first } = microBatch;
    if (first !== this.#to)
      throw new StateLostError(
        `${keyOf(microBatch)}: offsets ${this.#to} to ${first - 1} never came into the state`,
      );
  }

  sent({ next }: MicroBatch): void {
    this.#to = next;
  }
}
