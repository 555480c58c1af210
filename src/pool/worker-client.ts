// What the main thread asks of one worker thread: copies record batches into the buffer that is moved, keeps buffers in circulation,
// and says when a thread that was replaced answers for its golden records.

import type { BufferPool } from '../base/buffer-pool.ts';
import { blamedBy } from '../base/errors.ts';
import type { Rejection } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import { ModelError } from '../model/manifest.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';
import type {
  Failed,
  PartitionCounts,
  ScoreRequest,
  StateUse,
  ThreadUsage,
  WorkerRequest,
  WorkerResponse,
} from '../worker-protocol/messages.ts';
import { DeadlineError, type WorkerThread } from './worker-thread.ts';

/** A worker's own answer that it could not score. Its code is that of the error in the worker. */
export class ScoringError extends Error {
  override readonly name = 'ScoringError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Records of one partition that have their answer already. */
export interface Answered {
  /** Those from `first` up to `until`, as runs in ascending order. */
  runs(first: number, until: number): readonly OffsetRange[];
}

export interface AskingOptions {
  /** How many partitions topics have now. */
  readonly counts: { readonly now: PartitionCounts };
  /** By partition of the input, what is left out. */
  readonly answered?: readonly Answered[];
  /** Each loss of a thread, for the log and the metrics. */
  readonly onThreadLost: (why: string, error: Error) => void;
  /** Each thread that has grown too much: it scores no more, and another takes its place. */
  readonly onThreadRetired: (why: string) => void;
  /** What a thread uses, a few times a second while it works. */
  readonly onUsage?: (usage: ThreadUsage) => void;
}

/** The records of a micro-batch that are asked for, and how. */
export interface Ask {
  readonly first: number;
  readonly until: number;
  readonly verdict: Rejection | null;
  readonly state: StateUse | null;
}

/** What is nobody's fault but a thread's is tried again on another; all else is the answer. */
function failure({ code, message, stack }: Failed): Error {
  const error =
    blamedBy(code) === 'batch'
      ? new ScoringError(code, message)
      : Object.assign(new Error(`${code}: ${message}`), { code });
  // That of the thread says where it went wrong.
  error.stack = stack;
  return error;
}

/** What comes out of a thread is a copy of the error, of no class. */
const startError = (error: NodeJS.ErrnoException): ModelError =>
  new ModelError(
    error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `a worker thread could not load the model within scoring.heapBytes, set it higher (${error.message})`
      : error.message,
    { cause: error },
  );

export const workerLost = (why: string): Rejection => ({
  stage: 'worker',
  code: 'WORKER_LOST',
  message: `scoring this record fails every time: ${why}`,
});

/** Spare buffers that go with one request, at most. */
const SPARES_MAX = 8;
/** Loading a large model takes a while, and so does a large state; a worker that has not answered by then will not. */
const LOAD_TIMEOUT_MS = 120_000;

export class WorkerClient {
  readonly thread: WorkerThread;
  readonly options: AskingOptions;
  readonly #buffers: BufferPool;
  /** Set from the loss of the thread until its successor was seen to work. */
  #isLost = false;
  #recovering: Promise<void> | undefined;
  /** Of the last answer: so many spare buffers of that size go with the next request. */
  #outputs = { count: 1, bytes: 0 };

  constructor(thread: WorkerThread, options: AskingOptions, buffers: BufferPool) {
    this.thread = thread;
    this.options = options;
    this.#buffers = buffers;
  }

  /** Waits until the thread has loaded and checked the model. Rejects with `ModelError`. */
  async start(): Promise<void> {
    // One listener for good: a thread may fail again when its first failure has ended the start.
    let heard: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      heard = reject;
    });
    this.thread.onError((error) => heard(error));
    try {
      await Promise.race([failed, this.#probe()]);
      await Promise.race([failed, this.#probeInTime()]);
    } catch (error) {
      throw startError(error as NodeJS.ErrnoException);
    }
    heard = (error) => this.options.onThreadLost(error.message, error);
  }

  /**
   * Undefined where the thread works. Otherwise resolves when it works again, and rejects when it cannot serve: whoever asks the next
   * time lets it try again.
   */
  get ready(): Promise<void> | undefined {
    if (!this.#isLost) return undefined;
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  /** The thread was lost: nothing should be given to its successor until that answers for its golden records. */
  recover(): void {
    this.#isLost = true;
    this.ready?.catch(() => {});
  }

  async #recover(): Promise<void> {
    await this.#probe();
    this.#isLost = false;
  }

  /** Does that with the thread. Where it was the thread's loss, it is replaced, and what was asked is not asked again. */
  async survive<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ScoringError)) this.recover();
      throw error;
    }
  }

  async score(microBatch: MicroBatch, ask: Ask): Promise<ScoredMicroBatch> {
    const { first, until } = ask;
    const { topic, partition, incarnation } = microBatch;
    const { buffer, byteLength } = this.#copied(microBatch, first, until);
    const request: ScoreRequest = {
      type: 'score',
      topic,
      partition,
      incarnation,
      ...ask,
      counts: this.options.counts.now,
      omit: this.options.answered?.[partition]?.runs(first, until) ?? [],
      bytes: buffer,
      byteLength,
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
    if (response.usage !== null) this.options.onUsage?.(response.usage);
    if (response.retiring !== null) this.options.onThreadRetired(response.retiring);
    return response.scored;
  }

  /** The outputs of a micro-batch without what was refused of them: that is in its dead letters. */
  async mend(
    { topic, partition, incarnation, batches }: InputBatches,
    scored: ScoredMicroBatch,
    refusals: readonly Refusal[],
  ): Promise<ScoredMicroBatch> {
    const { outputs, resultBatches } = scored;
    const response = await this.#run(
      {
        type: 'mend',
        topic,
        partition,
        incarnation,
        counts: this.options.counts.now,
        bytes: Buffer.concat(batches.map(({ bytes }) => bytes)),
        outputs: outputs.map((batch, index) => {
          const refusal = refusals.find((each) => each.batch === batch);
          const { appended = 0, records = [], ofTime = false } = refusal ?? {};
          const refused = refusal === undefined ? null : { appended, records, ofTime };
          const isDeadLetter = index >= resultBatches;
          return { batch: { ...batch, bytes: batch.bytes.slice() }, isDeadLetter, refused };
        }),
      },
      [],
    );
    if (response.type !== 'mended')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    const { mended } = response;
    return {
      ...scored,
      // What stays is the same object: it may be acknowledged already.
      outputs: [...mended.results, ...mended.deadLetters].map((each) =>
        typeof each === 'number' ? (outputs[each] as ResultBatch) : each,
      ),
      resultBatches: mended.results.length,
      scored: scored.scored - mended.refused,
      deadLetters: scored.deadLetters + mended.refused,
      refusal: mended.refusal ?? scored.refusal,
    };
  }

  /** The offsets at which records stand, from `first` up to `until`: of all others there may be any number. */
  async offsets(microBatch: MicroBatch, first: number, until: number): Promise<Float64Array> {
    const { buffer: bytes, byteLength } = this.#copied(microBatch, first, until);
    const response = await this.#run({ type: 'offsets', first, until, bytes, byteLength }, [bytes]);
    if (response.type === 'offsets') return response.offsets;
    throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
  }

  /** Copied once, here, into the buffer that is moved: what was fetched stays until the answer is in, for another try. */
  #copied(
    { batches }: MicroBatch,
    first: number,
    until: number,
  ): { readonly buffer: ArrayBuffer; readonly byteLength: number } {
    const wanted = batches.filter(({ header }) => header.next > first && header.baseOffset < until);
    const byteLength = wanted.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
    const buffer = this.#buffers.take(byteLength);
    const bytes = new Uint8Array(buffer);
    let at = 0;
    for (const batch of wanted) {
      bytes.set(batch.bytes, at);
      at += batch.bytes.byteLength;
    }
    return { buffer, byteLength };
  }

  /** Asks for something else than scores, which may take as long as loading the model. */
  ask(request: WorkerRequest): Promise<WorkerResponse> {
    return this.#run(request, [], LOAD_TIMEOUT_MS);
  }

  #spares(): ArrayBuffer[] {
    const { count, bytes } = this.#outputs;
    const spares = Array.from({ length: count }, () => this.#buffers.takeFree(bytes));
    return spares.filter((spare) => spare !== undefined);
  }

  /** Asks the thread for its golden records: rejects when it cannot serve. It may have to load the model first. */
  async #probe(): Promise<void> {
    await this.ask({ type: 'probe' });
  }

  /** The same in the time that a task may take: where a few golden records take longer, no record would ever be scored. */
  async #probeInTime(): Promise<void> {
    try {
      await this.#run({ type: 'probe' }, []);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new Error(
        `${error.message}, which is scoring.deadline, for the golden records of the model: set it to what a task may take`,
        { cause: error },
      );
    }
  }

  async #run(
    request: WorkerRequest,
    transferList: readonly ArrayBuffer[],
    deadlineMs?: number,
  ): Promise<WorkerResponse> {
    const response = await this.thread.run(request, transferList, deadlineMs);
    if (response.type === 'failed') throw failure(response);
    return response;
  }
}

/** Waits until each has loaded and checked the model. Ends all when one of them cannot, and rejects with what the first one said. */
export async function startAll(clients: readonly WorkerClient[]): Promise<void> {
  try {
    await Promise.all(clients.map((client) => client.start()));
  } catch (error) {
    await Promise.all(clients.map(({ thread }) => thread.stop()));
    throw error;
  }
}
