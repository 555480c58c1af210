// How many partitions the topics of a job have: asked at the start, now and then, and when a topic turns out to lack one. A topic may
// grow, or be made again with fewer, while the daemon runs.

import type { ResultBatch, Sink } from '../log/ports.ts';
import type { PartitionCounts } from '../worker-protocol/messages.ts';

type Role = keyof PartitionCounts;

export interface CounterOptions {
  readonly sink: Pick<Sink, 'partitionCount'>;
  /** Their names. Two roles may have one topic. */
  readonly topics: Readonly<Record<Role, string>>;
  readonly onChanged: (before: PartitionCounts, now: PartitionCounts) => void;
  /** A topic is not there, or the broker does not answer: what was known of it stays. */
  readonly onUnknown: (error: Error) => void;
}

const ROLES: readonly Role[] = ['input', 'results', 'deadLetters'];

export class PartitionCounter {
  readonly #options: CounterOptions;
  #now: PartitionCounts;
  #asking: Promise<void> | undefined;

  constructor(options: CounterOptions, now: PartitionCounts) {
    this.#options = options;
    this.#now = now;
  }

  /** Rejects with `MissingTopicError`. */
  static async start(options: CounterOptions): Promise<PartitionCounter> {
    const { sink, topics } = options;
    return new PartitionCounter(options, {
      input: await sink.partitionCount(topics.input),
      results: await sink.partitionCount(topics.results),
      deadLetters: await sink.partitionCount(topics.deadLetters),
    });
  }

  get now(): PartitionCounts {
    return this.#now;
  }

  /** The source says so. It may know less than was asked here: only more partitions are believed at once. */
  inputHas(partitionCount: number): void {
    if (partitionCount === this.#now.input) return;
    if (partitionCount > this.#now.input) this.#set({ input: partitionCount });
    void this.ask();
  }

  /** Asks anew, all of them. Several may ask at once: they share one. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Asks anew, and says whether these go to a partition that their topic does not have. */
  async lacks(outputs: readonly ResultBatch[]): Promise<boolean> {
    await this.ask();
    return outputs.some(({ topic, partition }) => partition >= this.#countOf(topic));
  }

  async #ask(): Promise<void> {
    const { sink, topics, onUnknown } = this.#options;
    const found: Partial<Record<Role, number>> = {};
    for (const role of ROLES) {
      try {
        found[role] = await sink.partitionCount(topics[role], 0);
      } catch (error) {
        onUnknown(error as Error);
      }
    }
    this.#set(found);
  }

  #set(found: Partial<PartitionCounts>): void {
    const before = this.#now;
    this.#now = { ...before, ...found };
    if (ROLES.some((role) => before[role] !== this.#now[role])) this.#options.onChanged(before, this.#now);
  }

  #countOf(topic: string): number {
    const role = ROLES.find((each) => each !== 'input' && this.#options.topics[each] === topic);
    return role === undefined ? Number.POSITIVE_INFINITY : this.#now[role];
  }
}
