// How many partitions the topics of a job have: asked at the start, now and then, and when a topic
// turns out to lack one. A topic may grow, or be made again with fewer, while the daemon runs.

import type { ResultBatch, Sink } from '../log/ports.ts';
import type { PartitionCounts } from '../worker-protocol/messages.ts';

/** Of which each job has one topic. */
type Role = Exclude<keyof PartitionCounts, 'routes'>;

export interface CounterOptions {
  readonly sink: Pick<Sink, 'partitionCount'>;
  /** Their names. Two roles may have one topic. */
  readonly topics: Readonly<Record<Role, string>>;
  /** The topics of routes. */
  readonly routes?: readonly string[];
  readonly onChanged: (before: PartitionCounts, now: PartitionCounts) => void;
  /** A topic is not there, or the broker does not answer: the last known number stays. */
  readonly onUnknown: (error: Error) => void;
}

const ROLES: readonly Role[] = ['input', 'results', 'deadLetters'];

export class PartitionCounter {
  readonly #options: CounterOptions;
  #now: PartitionCounts;
  /** What the source has said of the input last: a broker that is behind may say less. */
  #told = 0;
  #asking: Promise<boolean> | undefined;
  /**
   * Begins when the question that is on its way is answered, for those who asked after that one was
   * sent.
   */
  #asked: Promise<boolean> | undefined;

  constructor(options: CounterOptions, now: PartitionCounts) {
    this.#options = options;
    this.#now = now;
  }

  /** Rejects with `MissingTopicError`. */
  static async start(options: CounterOptions): Promise<PartitionCounter> {
    const { sink, topics, routes: routeTopics = [] } = options;
    const routes: Record<string, number> = {};
    for (const topic of routeTopics) routes[topic] = await sink.partitionCount(topic);
    return new PartitionCounter(options, {
      routes,
      input: await sink.partitionCount(topics.input),
      results: await sink.partitionCount(topics.results),
      deadLetters: await sink.partitionCount(topics.deadLetters),
    });
  }

  get now(): PartitionCounts {
    return this.#now;
  }

  /**
   * Told by the source. The source may be behind, so a smaller number is believed at once only
   * where the input `isRemade`: then nothing that was known belongs to it.
   */
  inputHas(partitionCount: number, isRemade: boolean): void {
    this.#told = isRemade ? partitionCount : Math.max(this.#told, partitionCount);
    if (partitionCount === this.#now.input) return;
    if (isRemade || partitionCount > this.#now.input) this.#set({ input: partitionCount });
    void this.ask();
  }

  /**
   * Asks again about all topics. Resolves to whether the input's number is known. Several callers
   * may share one question, but never one that was sent before they called: its answer may be
   * older.
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

  /** Asks again. Resolves to whether these go to a partition that their topic does not have. */
  async lacks(outputs: readonly ResultBatch[]): Promise<boolean> {
    await this.ask();
    return outputs.some(({ topic, partition }) => partition >= this.#countOf(topic));
  }

  async #ask(): Promise<boolean> {
    const { sink, topics, routes: routeTopics = [], onUnknown } = this.#options;
    const found: Partial<Record<Role, number>> = {};
    for (const role of ROLES) {
      try {
        found[role] = await sink.partitionCount(topics[role], 0);
      } catch (error) {
        onUnknown(error as Error);
      }
    }
    const routes = { ...this.#now.routes };
    for (const topic of routeTopics) {
      try {
        routes[topic] = await sink.partitionCount(topic, 0);
      } catch (error) {
        onUnknown(error as Error);
      }
    }
    const { input } = found;
    this.#now = { ...this.#now, routes };
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
    return role === undefined ? (this.#now.routes?.[topic] ?? Number.POSITIVE_INFINITY) : this.#now[role];
  }
}
