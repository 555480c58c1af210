// The pool of worker threads behind the engine's Scorer port. Where a thread dies or passes its deadline its micro-batch
// is scored again on another; one that costs a thread its life every time, or makes it throw, is
// halved until the record that does it is alone, and that one becomes a dead letter (invariant 7).

import type { Rejection } from '../features/rejection.ts';
import { BufferPool } from '../log/buffer-pool.ts';
import type { MicroBatch, ResultBatch, ScoredMicroBatch } from '../log/ports.ts';
import { ModelError } from '../model/manifest.ts';
import { merge } from './merge.ts';
import type { ScoreRequest, WorkerRequest, WorkerResponse } from './messages.ts';
import type { ThreadUsage } from './thread-usage.ts';
import { ThreadRetiredError, type WorkerThreads } from './threads.ts';

/** A worker's own answer that it could not score. Its code is that of the error in the worker. */
export class ScoringError extends Error {
  override readonly name = 'ScoringError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PoolOptions {
  readonly threads: WorkerThreads;
  /** Each loss of a thread, for the log and the metrics. */
  readonly onThreadLost: (why: string) => void;
  /** Each thread that has grown too much: it scores no more, and another takes its place. */
  readonly onThreadRetired: (why: string) => void;
  /** What a thread uses, a few times a second while it works. */
  readonly onUsage?: (usage: ThreadUsage) => void;
}

/** What concerns record batches or the model as a whole: no record is to blame, and trying a half of them is no help. */
const WHOLE: ReadonlySet<string> = new Set([
  'SCORELANE_DAMAGED_BATCH',
  'SCORELANE_UNSUPPORTED_FORMAT',
  'SCORELANE_INFLATION_BOUND',
  'SCORELANE_COMPRESSION',
  'SCORELANE_MODEL_BROKEN',
  'SCORELANE_REGISTRY',
]);

const failure = ({ code, message }: { readonly code: string; readonly message: string }): Error =>
  WHOLE.has(code) ? new ScoringError(code, message) : new Error(`${code}: ${message}`);

/** How often a micro-batch is tried whole before it is halved, and a record alone before it becomes a dead letter. */
const ATTEMPTS = 2;
/** A half has failed as a part of the whole before; a record that is alone is judged, and by more than one failure. */
const triesOf = (records: number): number => (records === 1 ? ATTEMPTS : 1);
/** How often a loss is not counted because another thread was being replaced at the time. */
const EXCUSES_MAX = 3;
/** Spare buffers that go with one request, at most. */
const SPARES_MAX = 8;
/** Loading a large model takes a while; a worker that has not answered by then will not. */
const LOAD_TIMEOUT_MS = 120_000;

export class ScorerPool {
  readonly #options: PoolOptions;
  readonly #buffers = new BufferPool();
  #recovering: Promise<void> | undefined;
  #losses = 0;
  /** Of the last answer: so many spare buffers of that size go with the next request. */
  #outputs = { count: 1, bytes: 0 };

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Waits until every worker has loaded and checked the model. Rejects with `ModelError`, with what the first one said. */
  async start(): Promise<void> {
    // One listener for good: threads fail one after the other, also when the first failure has ended the start.
    let heard: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      heard = reject;
    });
    this.#options.threads.onError((error) => heard(error));
    const probes = Array.from({ length: this.#options.threads.count }, () => this.#probe());
    try {
      await Promise.race([failed, Promise.all(probes)]);
    } catch (error) {
      await this.stop();
      // What comes out of a thread is a copy of the error, of no class.
      throw new ModelError((error as Error).message, { cause: error });
    }
    heard = (error) => this.#options.onThreadLost(error.message);
  }

  async score(microBatch: MicroBatch): Promise<ScoredMicroBatch> {
    return this.#scoreRange(microBatch, microBatch.first, microBatch.next, ATTEMPTS);
  }

  /** Nobody reads these outputs any more: their buffers are used again. */
  release(outputs: readonly ResultBatch[]): void {
    for (const { bytes } of outputs) this.#buffers.giveBack(bytes.buffer);
  }

  async stop(): Promise<void> {
    await this.#options.threads.stop();
  }

  async #scoreRange(
    microBatch: MicroBatch,
    first: number,
    until: number,
    attempts: number,
  ): Promise<ScoredMicroBatch> {
    let lost = '';
    let excuses = EXCUSES_MAX;
    for (let attempt = 0; attempt < attempts; attempt++) {
      await this.#recovering;
      const losses = this.#losses;
      try {
        return await this.#ask(microBatch, first, until, null);
      } catch (error) {
        if (error instanceof ScoringError) throw error;
        if (error instanceof ThreadRetiredError) {
          attempt--;
          this.#recover();
          continue;
        }
        lost = (error as Error).message;
        const { topic, partition } = microBatch;
        this.#options.onThreadLost(`${lost} (${topic}/${partition}, offsets ${first} to ${until - 1})`);
        // It may only have waited while another's thread was replaced: that is not counted against it.
        if (losses !== this.#losses && excuses-- > 0) attempt--;
        this.#recover();
      }
    }
    await this.#recovering;
    if (until - first > 1) {
      const middle = first + Math.floor((until - first) / 2);
      const left = await this.#scoreRange(microBatch, first, middle, triesOf(middle - first));
      return merge(left, await this.#scoreRange(microBatch, middle, until, triesOf(until - middle)));
    }
    const verdict: Rejection = {
      stage: 'worker',
      code: 'WORKER_LOST',
      message: `scoring this record fails every time: ${lost}`,
    };
    return this.#ask(microBatch, first, until, verdict);
  }

  /** Until a worker answers for its golden records again, nothing is given to the pool: its deadline would run. */
  #recover(): void {
    this.#losses++;
    const recovering = this.#probe();
    const done = (): void => {
      if (this.#recovering === recovering) this.#recovering = undefined;
    };
    this.#recovering = recovering;
    recovering.then(done, done);
  }

  async #ask(
    { topic, partition, batches, omit = [] }: MicroBatch,
    first: number,
    until: number,
    verdict: Rejection | null,
  ): Promise<ScoredMicroBatch> {
    // Copied once, here, into the buffer that is moved: what was fetched stays until the answer is in, for another try.
    const wanted = batches.filter(({ header }) => header.next > first && header.baseOffset < until);
    const byteLength = wanted.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
    const buffer = this.#buffers.take(byteLength);
    const bytes = new Uint8Array(buffer);
    let at = 0;
    for (const batch of wanted) {
      bytes.set(batch.bytes, at);
      at += batch.bytes.byteLength;
    }
    const request: ScoreRequest = {
      type: 'score',
      topic,
      partition,
      first,
      until,
      omit: omit.filter((run) => run.until > first && run.from < until),
      bytes: buffer,
      byteLength,
      verdict,
      spares: this.#spares(),
    };
    const response = await this.#run(request, [buffer, ...request.spares]);
    if (response.type !== 'scored')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    this.#buffers.giveBack(response.bytes);
    const { outputs } = response.scored;
    this.#outputs = {
      count: Math.min(outputs.length, SPARES_MAX),
      bytes: Math.max(0, ...outputs.map((output) => output.bytes.byteLength)),
    };
    if (response.usage !== null) this.#options.onUsage?.(response.usage);
    if (response.retiring !== null) this.#options.onThreadRetired(response.retiring);
    return response.scored;
  }

  #spares(): ArrayBuffer[] {
    const { count, bytes } = this.#outputs;
    const spares = Array.from({ length: count }, () => this.#buffers.takeFree(bytes));
    return spares.filter((spare) => spare !== undefined);
  }

  /** Asks a worker for its golden records: rejects when no worker can serve at all. It may have to load the model first. */
  async #probe(): Promise<void> {
    await this.#run({ type: 'probe' }, [], LOAD_TIMEOUT_MS);
  }

  async #run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs?: number,
  ): Promise<WorkerResponse> {
    const response = await this.#options.threads.run(request, transferList, deadlineMs);
    if (response.type === 'failed') throw failure(response);
    return response;
  }
}
