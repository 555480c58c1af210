// What requests ask of one job: scores for records as its input has them, or the model's outputs
// for rows. All protocols come here, and what they bring at one time is scored together.

import type { TensorSpec } from '../model/tensor-spec.ts';
import { type GivenRows, type RequestPool, RowsLostError } from '../pool/request-pool.ts';
import type { Predictions } from '../pool/worker-client.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { Batching, type BatchingOptions, type Ran } from './batching.ts';
import { LaneRequests, type LaneRequestsOptions } from './lane-requests.ts';
import { piecesOf } from './pieces.ts';
import {
  type AnswersOptions,
  answersOf,
  type GivenRecord,
  microBatchOf,
  type RecordAnswer,
} from './record-answers.ts';
import { apart, joined, type RowAnswer, rowsOf, together } from './row-answers.ts';

export interface JobRequestsOptions extends BatchingOptions, AnswersOptions {
  /** Made with the first request: a job that nobody asks shares its threads with nobody. */
  readonly pool: () => RequestPool;
  readonly topic: string;
  readonly tensors: readonly TensorSpec[];
  /** For a model with windows over a log: the lanes that have their states, and their threads. */
  readonly windows?: Pick<LaneRequestsOptions, 'lanes' | 'threads'>;
}

/** Any thread may score them. */
const NO_LANE = { partition: 0, epoch: 0 };

export class JobRequests {
  readonly #options: JobRequestsOptions;
  #made: RequestPool | undefined;
  readonly #records: Batching<readonly GivenRecord[], readonly RecordAnswer[]>;
  readonly #rows: Batching<GivenRows, RowAnswer>;
  readonly #lanes: LaneRequests | null;

  constructor(options: JobRequestsOptions) {
    this.#options = options;
    this.#records = new Batching(options, (close) => this.#score(close));
    this.#rows = new Batching(options, (close) => this.#predict(close));
    const { windows } = options;
    this.#lanes =
      windows === undefined ? null : new LaneRequests({ ...options, ...windows, pool: () => this.#pool });
  }

  /**
   * An answer for each record. Rejects as `Batching.ask`; for a model with windows as
   * `LaneRequests.score`.
   */
  async score(records: readonly GivenRecord[], isGone: () => boolean): Promise<readonly RecordAnswer[]> {
    if (this.#lanes !== null) return this.#lanes.score(records, isGone);
    const answers = await Promise.all(
      piecesOf(records.length).map(([from, until]) => {
        const piece = records.slice(from, until);
        const bytes = piece.reduce((sum, { value }) => sum + value.byteLength, 0);
        return this.#records.ask(piece, { records: piece.length, bytes }, isGone);
      }),
    );
    return answers.flat();
  }

  /** The model's own outputs. Rejects as `Batching.ask`. */
  async predict(given: GivenRows, isGone: () => boolean): Promise<RowAnswer> {
    return joined(
      await Promise.all(
        piecesOf(given.rows).map(async ([from, until]) => {
          const piece = rowsOf(given, from, until);
          const size = { records: piece.rows, bytes: piece.cells.byteLength };
          const answer = await this.#rows.ask(piece, size, isGone);
          return 'refused' in answer ? { ...answer, row: from + answer.row } : answer;
        }),
      ),
    );
  }

  /** Takes nothing new, and waits for what it has. */
  async end(why: string): Promise<void> {
    await Promise.all([this.#records.end(why), this.#rows.end(why), this.#lanes?.end(why)]);
    this.#made?.leave();
  }

  get #pool(): RequestPool {
    this.#made ??= this.#options.pool();
    return this.#made;
  }

  async #score(
    close: () => readonly (readonly GivenRecord[])[] | null,
  ): Promise<Ran<readonly RecordAnswer[]> | null> {
    let closed: readonly (readonly GivenRecord[])[] | null = null;
    const outcome = await this.#pool.score(() => {
      closed = close();
      return closed === null ? null : microBatchOf({ topic: this.#options.topic, ...NO_LANE }, closed.flat());
    });
    if (outcome === null) return null;
    const { decodeMs, predictMs, encodeMs } = outcome;
    return { answers: this.#apart(outcome, closed ?? []), tookMs: decodeMs + predictMs + encodeMs };
  }

  #apart(
    outcome: Outcome,
    closed: readonly (readonly GivenRecord[])[],
  ): readonly (readonly RecordAnswer[])[] {
    const count = closed.reduce((sum, { length }) => sum + length, 0);
    const answers = answersOf(outcome, count, this.#options);
    this.#pool.release(outcome);
    let first = 0;
    return closed.map(({ length }) => answers.slice(first, (first += length)));
  }

  async #predict(close: () => readonly GivenRows[] | null): Promise<Ran<RowAnswer> | null> {
    let closed: readonly GivenRows[] = [];
    try {
      const predictions = await this.#pool.predict(() => {
        closed = close() ?? [];
        return closed.length === 0 ? null : together(closed, this.#options.tensors);
      });
      return predictions === null
        ? null
        : { answers: apart(predictions, closed), tookMs: predictions.tookMs };
    } catch (error) {
      if (!(error instanceof RowsLostError)) throw error;
      return { answers: await Promise.all(closed.map((given) => this.#alone(given))), tookMs: 0 };
    }
  }

  /** Once more, without the rows of others. */
  async #alone(given: GivenRows): Promise<RowAnswer> {
    try {
      const predictions = await this.#pool.predict(() => given);
      return apart(predictions as Predictions, [given])[0] as RowAnswer;
    } catch (error) {
      if (error instanceof RowsLostError) return { lost: error.message };
      throw error;
    }
  }
}
