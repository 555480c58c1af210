// The memory log behind the Sink port.

import type { ResultBatch, Sink } from '../log/ports.ts';
import type { MemoryBroker } from './broker.ts';

export class MemorySink implements Sink {
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  async start(): Promise<void> {}

  async partitionCount(topic: string): Promise<number> {
    return this.#broker.partitions(topic).length;
  }

  async produce(batches: readonly ResultBatch[]): Promise<readonly ResultBatch[]> {
    for (const batch of batches) this.#broker.append(batch);
    return batches;
  }

  async stop(): Promise<void> {}
}
