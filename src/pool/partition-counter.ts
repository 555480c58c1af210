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
  /** What the source has said of the input last: a broker that is behind may say less. */
  #told = 0;
  #asking: Promise<boolean> | undefined;
  /** Begins when that is answered, for those who have asked since it was on its way. */
  #asked: Promise<boolean> | undefined;

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

  /**
   * The source says so. It may know less than was asked here: fewer are believed at once only where the input `isRemade`, for then
   * nothing that was known is of it.
   */
  inputHas(partitionCount: number, isRemade: boolean): void {
    this.#told = isRemade ? partitionCount : Math.max(this.#told, partitionCount);
    if (partitionCount === this.#now.input) return;
    if (isRemade || partitionCount > this.#now.input) this.#set({ input: partitionCount });
    void this.ask();
  }

  /**
   * Asks anew, all of them. Resolves to whether it is known how many the input has. Several may ask at once, and share one question: but
   * never one that was on its way before, whose answer may be older.
   */
  ask(): Promise<boolean> {
    if (this.#asking === undefined) return this.#begin();
    this.#asked ??= this.#asking.then(() => {
      this.#asked = undefined;
      return this.#begin();
    });
    return this.#asked;
  }

  #begin(): Promise<boolean> {
    const asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  /** Asks anew, and says whether these go to a partition that their topic does not have. */
  async lacks(outputs: readonly ResultBatch[]): Promise<boolean> {
    await this.ask();
    return outputs.some(({ topic, partition }) => partition >= this.#countOf(topic));
  }

  async #ask(): Promise<boolean> {
    const { sink, topics, onUnknown } = this.#options;
    const found: Partial<Record<Role, number>> = {};
    for (const role of ROLES) {
      try {
        found[role] = await sink.partitionCount(topics[role], 0);
      } catch (error) {
        onUnknown(error as Error);
      }
    }
    const { input } = found;
    this.#set(input === undefined ? found : { ...found, input: Math.max(input, this.#told) });
    return input !== undefined;
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
