// What a pool asks of a model on one worker thread: copies record batches into the buffer that is
// moved, and keeps buffers in circulation.

import type { BufferPool } from '../base/buffer-pool.ts';
import type { Rejection } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type {
  ModelRequest,
  PartitionCounts,
  ScoreRequest,
  StateRequest,
  StateUse,
  ThreadUsage,
  WorkerResponse,
} from '../worker-protocol/messages.ts';
import { type ModelHost, ScoringError } from './model-host.ts';

/** Records of one partition that have their answer already. */
export interface Answered {
  /** The offsets from `first` up to `until` that have their answer, as runs in ascending order. */
  runs(first: number, until: number): readonly OffsetRange[];
}

export interface AskingOptions {
  /** How many partitions topics have now. */
  readonly counts: { readonly now: PartitionCounts };
  /** For each partition of the input, the records that are left out. */
  readonly answered?: readonly Answered[];
  /** Called when a thread has grown too much: it scores no more, and another takes its place. */
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

export const workerLost = (why: string): Rejection => ({
  stage: 'worker',
  code: 'WORKER_LOST',
  message: `scoring this record fails every time: ${why}`,
});

/** Spare buffers that go with one request, at most. */
const SPARES_MAX = 8;

export class WorkerClient {
  readonly host: ModelHost;
  readonly #deployment: string;
  readonly #options: AskingOptions;
  readonly #buffers: BufferPool;
  /**
   * The number and size of the last answer's outputs: as many spare buffers go with the next
   * request.
   */
  #outputs = { count: 1, bytes: 0 };

  /** Asks for that model. */
  constructor(host: ModelHost, deployment: string, options: AskingOptions, buffers: BufferPool) {
    this.host = host;
    this.#deployment = deployment;
    this.#options = options;
    this.#buffers = buffers;
  }

  async score(microBatch: MicroBatch, ask: Ask): Promise<Outcome> {
    const { first, until } = ask;
    const { topic, partition, incarnation } = microBatch;
    const { buffer, byteLength } = this.#copied(microBatch, first, until);
    const request: ScoreRequest = {
      type: 'score',
      topic,
      partition,
      incarnation,
      ...ask,
      counts: this.#options.counts.now,
      omit: this.#options.answered?.[partition]?.runs(first, until) ?? [],
      bytes: buffer,
      byteLength,
      spares: this.#spares(),
    };
    const response = await this.#run(request, [buffer, ...request.spares]);
    if (response.type !== 'scored')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    this.#buffers.giveBack(response.bytes);
    const { outputs } = response.outcome;
    this.#outputs = {
      count: Math.min(outputs.length, SPARES_MAX),
      bytes: Math.max(0, ...outputs.map((output) => output.bytes.byteLength)),
    };
    if (response.usage !== null) this.#options.onUsage?.(response.usage);
    if (response.retiring !== null) this.#options.onThreadRetired(response.retiring);
    return response.outcome;
  }

  /** The outputs of a micro-batch without the refused results, which are dead letters now. */
  async mend(
    { topic, partition, incarnation, batches }: InputBatches,
    outcome: Outcome,
    refusals: readonly Refusal[],
  ): Promise<Outcome> {
    const { outputs, resultBatches } = outcome;
    const response = await this.#run(
      {
        type: 'mend',
        topic,
        partition,
        incarnation,
        counts: this.#options.counts.now,
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
      ...outcome,
      // An output that stays is the same object: it may be acknowledged already.
      outputs: [...mended.results, ...mended.deadLetters].map((each) =>
        typeof each === 'number' ? (outputs[each] as ResultBatch) : each,
      ),
      resultBatches: mended.results.length,
      scored: outcome.scored - mended.refused,
      deadLetters: outcome.deadLetters + mended.refused,
      refusal: mended.refusal ?? outcome.refusal,
    };
  }

  /**
   * The offsets of the records from `first` up to `until`. There may be many offsets without a
   * record.
   */
  async offsets(microBatch: MicroBatch, first: number, until: number): Promise<Float64Array> {
    const { buffer: bytes, byteLength } = this.#copied(microBatch, first, until);
    const response = await this.#run({ type: 'offsets', first, until, bytes, byteLength }, [bytes]);
    if (response.type === 'offsets') return response.offsets;
    throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
  }

  /**
   * The one copy: into the buffer that is moved. The fetched bytes stay until the answer is in, for
   * another try.
   */
  #copied(
    { batches }: MicroBatch,
    first: number,
    until: number,
  ): { readonly buffer: ArrayBuffer; readonly byteLength: number } {
    const wanted = batches.filter(({ header }) => header.next > first && header.baseOffset < until);
    const byteLength = wanted.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
    const buffer = this.#buffers.acquire(byteLength);
    const bytes = new Uint8Array(buffer);
    let byteAt = 0;
    for (const batch of wanted) {
      bytes.set(batch.bytes, byteAt);
      byteAt += batch.bytes.byteLength;
    }
    return { buffer, byteLength };
  }

  /** What is asked of a lane's state. */
  ask(request: StateRequest): Promise<WorkerResponse> {
    return this.host.ask({ ...request, deployment: this.#deployment });
  }

  #run(request: ModelRequest, transferList: readonly ArrayBuffer[]): Promise<WorkerResponse> {
    return this.host.run({ ...request, deployment: this.#deployment }, transferList);
  }

  #spares(): ArrayBuffer[] {
    const { count, bytes } = this.#outputs;
    const spares = Array.from({ length: count }, () => this.#buffers.acquireFree(bytes));
    return spares.filter((spare) => spare !== undefined);
  }
}
