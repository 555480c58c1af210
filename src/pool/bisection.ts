// Finds the record that ends its thread, or makes it throw, where any thread may score any record.
// The micro-batch is scored again on another thread. If it fails every time, it is halved until the
// record that is to blame is alone. That record becomes a dead letter (invariant 7).

import { merge } from '../scoring/merge.ts';
import { type MicroBatch, untried } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { JobThreads } from './job-threads.ts';
import { type WorkerClient, workerLost } from './worker-client.ts';

/**
 * How often a micro-batch is tried whole before it is halved, and a record alone before it becomes
 * a dead letter.
 */
const ATTEMPTS = 2;
/**
 * A half has failed before, as a part of the whole: it is tried once. One record is tried more
 * often, because it is condemned after that.
 */
const triesOf = (records: number): number => (records === 1 ? ATTEMPTS : 1);

export class Bisection {
  readonly #free: JobThreads;

  constructor(free: JobThreads) {
    this.#free = free;
  }

  /** The records from `first` up to `until`. */
  score(microBatch: MicroBatch, first: number, until: number): Promise<Outcome> {
    return this.#scoreRange(microBatch, first, until, ATTEMPTS, null);
  }

  /** `offsets`: the offsets of the records in the range, if they are known already. */
  async #scoreRange(
    given: MicroBatch,
    first: number,
    until: number,
    attempts: number,
    offsets: Float64Array | null,
  ): Promise<Outcome> {
    let asked = given;
    const microBatch = untried(given);
    const { answer, lost } = await this.#try(microBatch, first, until, attempts, (thread) => {
      const answer = thread.score(asked, { first, until, verdict: null, state: null });
      asked = microBatch;
      return answer;
    });
    if (answer !== null) return answer;
    const records = offsets ?? (await this.#offsets(microBatch, first, until));
    const half = records.length >> 1;
    if (half > 0) {
      const middle = records[half] as number;
      const [before, after] = [records.subarray(0, half), records.subarray(half)];
      const left = await this.#scoreRange(microBatch, first, middle, triesOf(before.length), before);
      return merge(left, await this.#scoreRange(microBatch, middle, until, triesOf(after.length), after));
    }
    return this.#free.use((thread) =>
      thread.score(microBatch, { first, until, verdict: workerLost(lost), state: null }),
    );
  }

  async #offsets(microBatch: MicroBatch, first: number, until: number): Promise<Float64Array> {
    const { answer, lost } = await this.#try(microBatch, first, until, ATTEMPTS, (thread) =>
      thread.offsets(microBatch, first, until),
    );
    if (answer !== null) return answer;
    throw new Error(`the records of the micro-batch cannot be counted: ${lost}`);
  }

  /**
   * Asks so often. There is no answer when a thread was lost each time. Rejects with
   * `ScoringError`, or when no thread can serve.
   */
  async #try<T>(
    { topic, partition }: MicroBatch,
    first: number,
    until: number,
    attempts: number,
    ask: (thread: WorkerClient) => Promise<T>,
  ): Promise<{ readonly answer: T | null; readonly lost: string }> {
    const where = `${topic}/${partition}, offsets ${first} to ${until - 1}`;
    let lost = '';
    for (let left = attempts; left > 0; left--) {
      const attempt = await this.#free.attempt(ask, { where });
      if ('answer' in attempt) return { answer: attempt.answer, lost };
      lost = attempt.lost.message;
    }
    return { answer: null, lost };
  }
}
