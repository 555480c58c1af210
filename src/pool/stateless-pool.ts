// The pool of worker threads behind the engine's Scorer port. Where a thread dies or passes its deadline its micro-batch
// is scored again on another; one that costs a thread its life every time, or makes it throw, is
// halved until the record that does it is alone, and that one becomes a dead letter (invariant 7).

import type { Rejection } from '../features/rejection.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import { merge } from '../scoring/merge.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';
import { ThreadRetiredError, type WorkerThreads } from './threads.ts';
import { type AskingOptions, ScoringError, WorkerClient } from './worker-client.ts';

export interface PoolOptions extends AskingOptions {
  readonly threads: WorkerThreads;
}

/** How often a micro-batch is tried whole before it is halved, and a record alone before it becomes a dead letter. */
export const ATTEMPTS = 2;
/** A half has failed as a part of the whole before; a record that is alone is judged, and by more than one failure. */
const triesOf = (records: number): number => (records === 1 ? ATTEMPTS : 1);
/** How often a loss is not counted because another thread was being replaced at the time. */
const EXCUSES_MAX = 3;

export const workerLost = (why: string): Rejection => ({
  stage: 'worker',
  code: 'WORKER_LOST',
  message: `scoring this record fails every time: ${why}`,
});

/** On one of these threads. Rejects when that is lost: whoever asks will ask again. */
export async function mended(
  asked: WorkerClient,
  ...of: Parameters<WorkerClient['mend']>
): Promise<ScoredMicroBatch> {
  try {
    return await asked.mend(...of);
  } catch (error) {
    if (!(error instanceof ScoringError)) asked.recover();
    throw error;
  }
}

export class StatelessPool {
  readonly #asked: WorkerClient;

  constructor({ threads, ...options }: PoolOptions) {
    this.#asked = new WorkerClient(threads, options);
  }

  /** Waits until every worker has loaded and checked the model. Rejects with `ModelError`, with what the first one said. */
  start(): Promise<void> {
    return this.#asked.start();
  }

  async score(microBatch: MicroBatch): Promise<ScoredMicroBatch> {
    return this.#scoreRange(microBatch, microBatch.first, microBatch.next, ATTEMPTS, null);
  }

  /** Makes dead letters of what was refused. */
  async mend(
    input: InputBatches,
    scored: ScoredMicroBatch,
    refusals: readonly Refusal[],
  ): Promise<ScoredMicroBatch> {
    await this.#asked.ready;
    return mended(this.#asked, input, scored, refusals);
  }

  /** Nobody reads these outputs any more: their buffers are used again. */
  release(outputs: readonly ResultBatch[]): void {
    this.#asked.release(outputs);
  }

  async stop(): Promise<void> {
    await this.#asked.threads.stop();
  }

  /** `offsets`: where the records of the range stand, if that had to be asked before. */
  async #scoreRange(
    microBatch: MicroBatch,
    first: number,
    until: number,
    attempts: number,
    offsets: Float64Array | null,
  ): Promise<ScoredMicroBatch> {
    const asked = this.#asked;
    const { answer, lost } = await this.#try(microBatch, first, until, attempts, () =>
      asked.score(microBatch, { first, until, verdict: null, state: null }),
    );
    if (answer !== null) return answer;
    const records = offsets ?? (await this.#offsets(microBatch, first, until));
    const half = records.length >> 1;
    if (half > 0) {
      const middle = records[half] as number;
      const [before, after] = [records.subarray(0, half), records.subarray(half)];
      const left = await this.#scoreRange(microBatch, first, middle, triesOf(before.length), before);
      return merge(left, await this.#scoreRange(microBatch, middle, until, triesOf(after.length), after));
    }
    await asked.ready;
    return asked.score(microBatch, { first, until, verdict: workerLost(lost), state: null });
  }

  async #offsets(microBatch: MicroBatch, first: number, until: number): Promise<Float64Array> {
    const ask = (): Promise<Float64Array> => this.#asked.offsets(microBatch, first, until);
    const { answer, lost } = await this.#try(microBatch, first, until, ATTEMPTS, ask);
    if (answer !== null) return answer;
    throw new Error(`the records of the micro-batch cannot be counted: ${lost}`);
  }

  /** Asks so often; no answer when each time a thread was lost, and it was its fault. */
  async #try<T>(
    { topic, partition }: MicroBatch,
    first: number,
    until: number,
    attempts: number,
    ask: () => Promise<T>,
  ): Promise<{ readonly answer: T | null; readonly lost: string }> {
    const asked = this.#asked;
    let lost = '';
    let excuses = EXCUSES_MAX;
    for (let attempt = 0; attempt < attempts; attempt++) {
      await asked.ready;
      const { losses } = asked;
      try {
        return { answer: await ask(), lost };
      } catch (error) {
        if (error instanceof ScoringError) throw error;
        if (error instanceof ThreadRetiredError) {
          attempt--;
          asked.recover();
          continue;
        }
        lost = (error as Error).message;
        const where = `${topic}/${partition}, offsets ${first} to ${until - 1}`;
        asked.options.onThreadLost(`${lost} (${where})`, error as Error);
        // It may only have waited while another's thread was replaced: that is not counted against it.
        if (losses !== asked.losses && excuses-- > 0) attempt--;
        asked.recover();
      }
    }
    return { answer: null, lost };
  }
}
