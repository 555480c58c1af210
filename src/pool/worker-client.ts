// What a pool asks of a model on one worker thread: copies record batches into the buffer that is
// moved, and keeps buffers in circulation.

import type { BufferPool } from '../base/buffer-pool.ts';
import type { Rejection } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import type { OutputColumn } from '../model/predictor.ts';
import { addCodes, type DeadLetterCodes } from '../scoring/dead-letter-codes.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import { type Outcome, outputsOfAll } from '../scoring/outcome.ts';
import { NO_TRIALS, type Trial } from '../scoring/trial.ts';
import type {
  ModelRequest,
  PartitionCounts,
  ScoreRequest,
  StateRequest,
  StateUse,
  WorkerResponse,
} from '../worker-protocol/messages.ts';
import type { RefusedRow } from '../worker-protocol/predict.ts';
import type { ThreadUsage, TrialsTold } from '../worker-protocol/thread-usage.ts';
import { isNotBegun, type ModelHost, ScoringError } from './model-host.ts';

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
  /** What a thread has seen of versions that are tried. */
  readonly onTrials?: (told: TrialsTold) => void;
  /** A thread was lost while it tried these versions. */
  readonly onTrialsLost?: (trials: readonly Trial[]) => void;
}

/** The versions of a model that a thread has, by the ids of their deployments. */
export interface Versions {
  /** The one that is asked where none is named. */
  readonly now: string;
  has(id: string): boolean;
}

/** A thread of which something is asked about the states of lanes. */
export interface StateThread {
  readonly host: ModelHost;
  readonly ask: (request: StateRequest) => Promise<WorkerResponse>;
}

/** The records of a micro-batch that are asked for, and how. */
export interface Ask {
  readonly first: number;
  readonly until: number;
  readonly verdict: Rejection | null;
  readonly state: StateUse | null;
  /** The ownership whose state is read, and not changed. */
  readonly peeksAt?: number;
}

export const workerLost = (why: string): Rejection => ({
  stage: 'worker',
  code: 'WORKER_LOST',
  message: `scoring this record fails every time: ${why}`,
});

/** A micro-batch, and what of it is asked. */
interface Asked {
  readonly microBatch: MicroBatch;
  readonly ask: Ask;
}

/** Those that are tried on all of them. */
const trialsOf = ([first, ...others]: readonly Asked[]): readonly Trial[] =>
  (first?.microBatch.trials ?? NO_TRIALS).filter((trial) =>
    others.every(({ microBatch }) => microBatch.trials?.includes(trial)),
  );

/** The model's outputs for given rows. */
export interface Predictions {
  readonly columns: readonly OutputColumn[];
  readonly refused: readonly RefusedRow[];
  /** Time of the thread. */
  readonly tookMs: number;
}

export const wholeOf = ({ first, next }: MicroBatch): Ask => ({
  first,
  until: next,
  verdict: null,
  state: null,
});

/** The record batches that may hold records from `first` up to `until`. */
const wanted = (
  { batches }: MicroBatch,
  { first, until }: Pick<Ask, 'first' | 'until'>,
): readonly RawRecordBatch[] =>
  batches.filter(({ header }) => header.next > first && header.baseOffset < until);

const bytesOf = (batches: readonly RawRecordBatch[]): number =>
  batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

/** Spare buffers that go with one request, at most. */
const SPARES_MAX = 64;

export class WorkerClient {
  readonly host: ModelHost;
  readonly #versions: Versions;
  readonly #options: AskingOptions;
  readonly #buffers: BufferPool;
  /**
   * The number and size of the last answer's outputs: as many spare buffers go with the next
   * request.
   */
  #outputs = { count: 1, bytes: 0 };

  /** Asks for one of these versions. */
  constructor(host: ModelHost, versions: Versions, options: AskingOptions, buffers: BufferPool) {
    this.host = host;
    this.#versions = versions;
    this.#options = options;
    this.#buffers = buffers;
  }

  /** Some of the records of a micro-batch. */
  async score(microBatch: MicroBatch, ask: Ask): Promise<Outcome> {
    const [outcome] = await this.#score([{ microBatch, ask }]);
    return outcome as Outcome;
  }

  /**
   * Micro-batches of several lanes without a state, all for one version, as one task. Resolves to
   * an outcome for each. If it rejects, none of them was scored.
   */
  scoreTogether(microBatches: readonly MicroBatch[]): Promise<readonly Outcome[]> {
    return this.#score(microBatches.map((microBatch) => ({ microBatch, ask: wholeOf(microBatch) })));
  }

  /**
   * Records of requests for several lanes, as if each came next in its lane: their states stay as
   * they are. Resolves and rejects as `scoreTogether`.
   */
  peekTogether(microBatches: readonly MicroBatch[]): Promise<readonly Outcome[]> {
    return this.#score(
      microBatches.map((microBatch) => ({
        microBatch,
        ask: { ...wholeOf(microBatch), peeksAt: microBatch.epoch },
      })),
    );
  }

  async #score(asked: readonly Asked[]): Promise<readonly Outcome[]> {
    const batches = asked.map(({ microBatch, ask }) => wanted(microBatch, ask));
    const buffer = this.#copied(batches.flat());
    const request: ScoreRequest = {
      type: 'score',
      parts: asked.map(({ microBatch: { topic, partition, incarnation }, ask }, index) => ({
        topic,
        partition,
        incarnation,
        ...ask,
        omit: this.#options.answered?.[partition]?.runs(ask.first, ask.until) ?? [],
        byteLength: bytesOf(batches[index] as readonly RawRecordBatch[]),
      })),
      counts: this.#options.counts.now,
      trials: trialsOf(asked),
      beside: asked[0]?.microBatch.beside,
      bytes: buffer,
      spares: this.#spares(),
    };
    const deployment = asked[0]?.microBatch.deployment;
    const response = await this.#run(request, [buffer, ...request.spares], deployment).catch(
      (error: unknown) => this.#lost(error, request.trials ?? NO_TRIALS),
    );
    if (response.type !== 'scored')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    const { bytes, outcomes, usage, trials = [], retiring } = response;
    if (trials.length > 0) this.#options.onTrials?.(trials);
    this.#buffers.giveBack(bytes);
    const sizes = outcomes.flatMap(outputsOfAll).map((output) => output.bytes.byteLength);
    this.#outputs = { count: Math.min(sizes.length, SPARES_MAX), bytes: Math.max(0, ...sizes) };
    this.#tell(usage, retiring);
    return outcomes;
  }

  /**
   * The model's outputs for rows of cells, which stay where they are, for another try. A cell of
   * text is a place in `texts`.
   */
  async predict(cells: Float32Array, rows: number, texts: readonly string[]): Promise<Predictions> {
    const buffer = this.#buffers.acquire(cells.byteLength);
    new Float32Array(buffer, 0, cells.length).set(cells);
    const response = await this.#run({ type: 'predict', rows, cells: buffer, texts }, [buffer]);
    if (response.type !== 'predicted')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    const { columns, refused, tookMs, usage, retiring } = response;
    this.#buffers.giveBack(response.cells);
    this.#tell(usage, retiring);
    return { columns, refused, tookMs };
  }

  /** Throws the error. If it is the loss of the thread, those that were tried are told of. */
  #lost(error: unknown, trials: readonly Trial[]): never {
    if (trials.length > 0 && !(error instanceof ScoringError) && !isNotBegun(error))
      this.#options.onTrialsLost?.(trials);
    throw error;
  }

  #tell(usage: ThreadUsage | null, retiring: string | null): void {
    if (usage !== null) this.#options.onUsage?.(usage);
    if (retiring !== null) this.#options.onThreadRetired(retiring);
  }

  /** The outputs of a micro-batch without the refused results, which are dead letters now. */
  async mend(
    { topic, partition, incarnation, batches, deployment }: InputBatches,
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
      // Nothing is predicted: another version can do it too.
      deployment !== undefined && this.#versions.has(deployment) ? deployment : undefined,
    );
    if (response.type !== 'mended')
      throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
    const { mended } = response;
    const more: DeadLetterCodes = mended.refused === 0 ? {} : { RESULT_REFUSED: mended.refused };
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
      deadLetterCodes: addCodes(outcome.deadLetterCodes, more),
      deadLetterOffsets:
        mended.refusedOffset === null
          ? outcome.deadLetterOffsets
          : { ...outcome.deadLetterOffsets, RESULT_REFUSED: mended.refusedOffset },
    };
  }

  /**
   * The offsets of the records from `first` up to `until`. There may be many offsets without a
   * record.
   */
  async offsets(microBatch: MicroBatch, first: number, until: number): Promise<Float64Array> {
    const batches = wanted(microBatch, { first, until });
    const bytes = this.#copied(batches);
    const request = { type: 'offsets', first, until, bytes, byteLength: bytesOf(batches) } as const;
    const response = await this.#run(request, [bytes], microBatch.deployment);
    if (response.type === 'offsets') return response.offsets;
    throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${response.type}`);
  }

  /**
   * The one copy: into the buffer that is moved. The fetched bytes stay until the answer is in, for
   * another try.
   */
  #copied(batches: readonly RawRecordBatch[]): ArrayBuffer {
    const buffer = this.#buffers.acquire(bytesOf(batches));
    const copy = new Uint8Array(buffer);
    let byteAt = 0;
    for (const { bytes } of batches) {
      copy.set(bytes, byteAt);
      byteAt += bytes.byteLength;
    }
    return buffer;
  }

  /** The thread as the keeper of states, which that version finds. */
  keeping(deployment = this.#versions.now): StateThread {
    return { host: this.host, ask: (request) => this.host.ask({ ...request, deployment }) };
  }

  #run(
    request: ModelRequest,
    transferList: readonly ArrayBuffer[],
    deployment = this.#versions.now,
  ): Promise<WorkerResponse> {
    return this.host.run({ ...request, deployment }, transferList);
  }

  #spares(): ArrayBuffer[] {
    const { count, bytes } = this.#outputs;
    const spares = Array.from({ length: count }, () => this.#buffers.acquireFree(bytes));
    return spares.filter((spare) => spare !== undefined);
  }
}
