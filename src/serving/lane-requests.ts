// Requests for scores of records whose features need what was before them. Each record goes to the
// thread that has the state of its key's lane, which is read and stays as it is. What comes at one
// time for one thread is scored together, whichever lanes it is for.

import type { NextOffset } from '../log/offset.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import { type Peeked, type RequestPool, RowsLostError } from '../pool/request-pool.ts';
import type { LanePlace } from '../pool/stateful-lane.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import { Batching, type BatchingOptions, type Ran } from './batching.ts';
import {
  ElsewhereError,
  EndsThreadError,
  KeyNeededError,
  NotServingError,
  RestoringError,
} from './errors.ts';
import { PIECE_RECORDS, piecesOf } from './pieces.ts';
import {
  type AnswersOptions,
  answersOf,
  type GivenRecord,
  microBatchOf,
  type RecordAnswer,
} from './record-answers.ts';

/** The lanes of the job. */
export interface ServedLanes {
  /** Where a producer would write a record with that key now; null where the key does not tell. */
  partitionOf(key: Uint8Array | null): number | null;
  /**
   * Where the lane's state is for that version; or it is being built up, or the lane is another
   * instance's, or nothing is known of lanes yet.
   */
  find(of: TopicPartition, deployment: string): LanePlace | 'restoring' | 'elsewhere' | 'unassigned';
  /** Its state was not there. */
  lost(lane: LaneAddress): void;
}

export interface LaneRequestsOptions extends BatchingOptions, AnswersOptions {
  readonly lanes: ServedLanes;
  readonly threads: number;
  readonly topic: string;
  readonly pool: () => RequestPool;
}

interface Piece {
  readonly partition: number;
  readonly records: readonly GivenRecord[];
}

type PieceAnswer =
  | { readonly answers: readonly RecordAnswer[] }
  | { readonly failed: Error }
  /** The state is on another thread, or on none. */
  | { readonly gone: true };

/** How often a lane is looked for that moves from thread to thread. */
const LOOKS = 3;

export class LaneRequests {
  readonly #options: LaneRequestsOptions;
  /** By thread. */
  readonly #batchings: readonly Batching<Piece, PieceAnswer>[];

  constructor(options: LaneRequestsOptions) {
    this.#options = options;
    const { most, rest, threads } = options;
    const batching = {
      ...options,
      // What a record takes is not known before the first task.
      most: { ...most, records: Math.min(most.records, PIECE_RECORDS) },
      // Together they ask for as many turns as one would.
      rest: { at: (nowMs: number) => threads * rest.at(nowMs) },
    };
    this.#batchings = Array.from(
      { length: threads },
      (_, thread) => new Batching(batching, (close) => this.#run(thread, close)),
    );
  }

  /**
   * An answer for each record, in order. Rejects with `KeyNeededError`, `ElsewhereError`,
   * `EndsThreadError`, and as `Batching.ask`; then no record has an answer.
   */
  async score(records: readonly GivenRecord[], isGone: () => boolean): Promise<readonly RecordAnswer[]> {
    const byPartition = Map.groupBy(records.keys(), (index) => this.#partitionOf(records, index));
    this.#check([...byPartition.keys()]);
    const answers = new Array<RecordAnswer>(records.length);
    await Promise.all(
      [...byPartition].flatMap(([partition, indexes]) =>
        piecesOf(indexes.length).map(async ([from, until]) => {
          const own = indexes.slice(from, until);
          const piece = { partition, records: own.map((index) => records[index] as GivenRecord) };
          const found = await this.#ask(piece, isGone);
          own.forEach((index, place) => {
            answers[index] = found[place] as RecordAnswer;
          });
        }),
      ),
    );
    return answers;
  }

  /** Takes nothing new, and waits for what it has. */
  async end(why: string): Promise<void> {
    await Promise.all(this.#batchings.map((batching) => batching.end(why)));
  }

  #partitionOf(records: readonly GivenRecord[], index: number): number {
    const partition = this.#options.lanes.partitionOf(records[index]?.key ?? null);
    if (partition !== null) return partition;
    throw new KeyNeededError(
      `record ${index} has no key: ${this.#options.topic} has several partitions, and the windows of a record are in that of ` +
        'its key. Say the keys beside the records: {"records": […], "keys": […]}',
    );
  }

  #find(partition: number): ReturnType<ServedLanes['find']> {
    const { lanes, topic, pool } = this.#options;
    return lanes.find({ topic, partition }, pool().deployment);
  }

  /** Before any of the records is asked. */
  #check(partitions: readonly number[]): void {
    const { topic } = this.#options;
    const found = partitions.map((partition) => this.#find(partition));
    const elsewhere = partitions.filter((_, index) => found[index] === 'elsewhere');
    if (elsewhere.length > 0)
      throw new ElsewhereError(
        topic,
        elsewhere.sort((left, right) => left - right),
      );
    if (found.includes('unassigned')) throw unassigned();
    const restoring = partitions.filter((_, index) => found[index] === 'restoring');
    if (restoring[0] !== undefined) throw isRestoring(topic, restoring[0]);
  }

  async #ask({ partition, records }: Piece, isGone: () => boolean): Promise<readonly RecordAnswer[]> {
    const { topic } = this.#options;
    const bytes = records.reduce((sum, { value, key }) => sum + value.byteLength + (key?.byteLength ?? 0), 0);
    for (let left = LOOKS; left > 0; left--) {
      const place = this.#find(partition);
      if (place === 'elsewhere') throw new ElsewhereError(topic, [partition]);
      if (place === 'unassigned') throw unassigned();
      if (place === 'restoring') break;
      const batching = this.#batchings[place.thread] as Batching<Piece, PieceAnswer>;
      const answer = await batching.ask({ partition, records }, { records: records.length, bytes }, isGone);
      if ('failed' in answer) throw answer.failed;
      if ('answers' in answer) return answer.answers;
    }
    throw isRestoring(topic, partition);
  }

  async #run(thread: number, close: () => readonly Piece[] | null): Promise<Ran<PieceAnswer> | null> {
    const pool = this.#options.pool();
    let pieces: readonly Piece[] = [];
    let asked: readonly MicroBatch[] = [];
    try {
      const peeked = await pool.peek(thread, () => {
        const closed = close();
        if (closed === null) return null;
        pieces = closed;
        asked = this.#microBatches(thread, closed);
        return asked;
      });
      return peeked === null ? null : this.#ran(pool, pieces, asked, peeked);
    } catch (error) {
      if (!(error instanceof RowsLostError)) throw error;
      for (const lane of asked) this.#options.lanes.lost(lane);
      const failed = endedWith(pieces, error);
      return { answers: pieces.map(() => ({ failed })), tookMs: 0 };
    }
  }

  /** One for each lane whose state is on the thread at this moment. */
  #microBatches(thread: number, pieces: readonly Piece[]): readonly MicroBatch[] {
    const { topic } = this.#options;
    return [...Map.groupBy(pieces, ({ partition }) => partition)].flatMap(([partition, own]) => {
      const place = this.#find(partition);
      if (typeof place === 'string' || place.thread !== thread) return [];
      const records = own.flatMap((piece) => piece.records);
      return [microBatchOf({ topic, partition, epoch: place.epoch }, records)];
    });
  }

  #ran(
    pool: RequestPool,
    pieces: readonly Piece[],
    asked: readonly MicroBatch[],
    peeked: readonly Peeked[],
  ): Ran<PieceAnswer> {
    let tookMs = 0;
    const byPartition = new Map<number, { readonly failed: Error } | { rest: readonly RecordAnswer[] }>();
    asked.forEach((lane, index) => {
      const found = peeked[index] ?? null;
      if (found === null) this.#options.lanes.lost(lane);
      else if (found instanceof Error) byPartition.set(lane.partition, { failed: found });
      else {
        // Those that were scored together have waited for all of it.
        tookMs = Math.max(tookMs, found.decodeMs + found.predictMs + found.encodeMs);
        byPartition.set(lane.partition, { rest: answersOf(found, countOf(lane), this.#options) });
        pool.release(found);
      }
    });
    const answers = pieces.map(({ partition, records }): PieceAnswer => {
      const found = byPartition.get(partition);
      if (found === undefined) return { gone: true };
      if ('failed' in found) return found;
      const own = found.rest.slice(0, records.length);
      found.rest = found.rest.slice(records.length);
      return { answers: own };
    });
    return { answers, tookMs };
  }
}

const countOf = ({ first, next }: { readonly first: NextOffset; readonly next: NextOffset }): number =>
  next - first;

const unassigned = (): RestoringError =>
  new RestoringError('the group has not said yet which partitions this instance has: ask again later');

const isRestoring = (topic: string, partition: number): RestoringError =>
  new RestoringError(`partition ${partition} of ${topic}: its windows are being built up: ask again later`);

/**
 * Records that end threads are not tried again: the states of all lanes there are lost each time.
 */
function endedWith(pieces: readonly Piece[], { message }: Error): Error {
  const [only] = pieces;
  if (pieces.length === 1 && only?.records.length === 1)
    return new EndsThreadError(`the worker thread ended while it scored this record: ${message}`);
  return new NotServingError(
    `the worker thread ended while it scored this and other records: ${message}: ask again, one by one`,
  );
}
