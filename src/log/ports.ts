// The ports behind which a log stands, and the values that flow through them. Two adapters
// implement them, kafka/ and memory/; test/log/conformance.ts holds both to the contracts written
// here.

import { type ErrorCode, ScorelaneError } from '../base/errors.ts';
import type { NextOffset } from './offset.ts';
import type { RawRecordBatch } from './record-batch.ts';
import { keyOf, type TopicPartition } from './topic-partition.ts';

/**
 * A record batch as it was fetched. A batch to be skipped (control, or of an aborted transaction)
 * counts only as a range of offsets.
 */
export interface FetchedBatch extends RawRecordBatch {
  readonly skip: boolean;
}

export interface Fetched extends TopicPartition {
  /** The position of the fetch: the first batch may start below it. */
  readonly from: NextOffset;
  /** At least one, in the order of offsets. */
  readonly batches: readonly FetchedBatch[];
  /** The offset after the last one that a reader may see, as the broker told it with the fetch. */
  readonly highWatermark: number;
}

export interface AssignedPartition extends TopicPartition {
  /**
   * Where the source will read from: the committed offset; where there is none, the offset that
   * `auto.offset.reset` says.
   */
  readonly position: NextOffset;
  /**
   * Tells the topic apart from others that had the same name: a topic that was deleted and made
   * again is another log, and offsets of one mean nothing in the other. Absent where the log does
   * not tell it.
   */
  readonly incarnation?: string;
  /**
   * The incarnation of an older topic of the same name of which something was owned or committed,
   * if there was one.
   */
  readonly replaces?: string;
  /**
   * The position is not committed yet: commit it, although nothing was answered, so that the next
   * start begins there.
   */
  readonly uncommitted?: true;
  /** The text that goes with every commit of the partition. */
  readonly metadata?: string;
  /** How many partitions the topic has now. */
  readonly partitionCount?: number;
  /**
   * The partition counts by which records may have been placed in this partition: see `placedBy`.
   */
  readonly placedBy?: readonly number[];
}

export interface CommitOffset extends TopicPartition {
  readonly next: NextOffset;
  /** The text from the assignment. */
  readonly metadata?: string;
}

/** A committed offset that the log no longer holds. */
export interface OutOfRange extends TopicPartition {
  readonly position: number;
  readonly logStart: number;
  readonly logEnd: number;
  /** Where reading goes on. */
  readonly resumedAt: NextOffset;
}

/** What a source tells its owner. The calls come one at a time, in the order of the events. */
export interface SourceListener {
  /**
   * Ownership of these partitions may end. The source waits until the promise settles, but not
   * longer than its own deadline: finish and commit the work in flight. Partitions that come back
   * in `assigned` were never given up.
   */
  revoking(partitions: readonly TopicPartition[]): Promise<void>;
  /** These partitions belong to another member now. The commits before this were made. */
  revoked(partitions: readonly TopicPartition[]): void;
  /**
   * These partitions were taken away without a question (session expired, fenced): another member
   * may own them already. Commit nothing.
   */
  lost(partitions: readonly TopicPartition[]): void;
  /**
   * All partitions that are owned from now on, also those that were kept, each with the position
   * where the source would read.
   */
  assigned(partitions: readonly AssignedPartition[]): void;
  /** Everything that one fetch brought: a part for each partition that had something. */
  fetched(...parts: readonly Fetched[]): void;
  /** The source went on from another offset than the committed one, as the configuration allows. */
  outOfRange(event: OutOfRange): void;
  /** The source cannot go on by itself. */
  failed(error: Error): void;
}

/** Reads partitions as one member of a consumer group. */
export interface Source {
  /** Joins the group and begins to call the listener. Resolves when the source is connected. */
  start(listener: SourceListener): Promise<void>;
  /** Stops fetching one partition; a fetch that is on its way may still arrive. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /**
   * Begins no fetch, of whatever partition, for so many milliseconds from now. It replaces an
   * earlier rest; 0 ends it.
   */
  rest(ms: number): void;
  /** Goes on reading at another position. */
  seek(partition: TopicPartition, position: NextOffset): void;
  /**
   * Commits for the generation at the time of the call. Rejects with `FencedError` when that
   * generation has ended.
   */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
  /**
   * Asks for the first offset whose record has that time or a later one: the end of the log if
   * there is none, its start for -Infinity.
   */
  offsetAt(partition: TopicPartition, timestampMs: number): Promise<number>;
  /**
   * Asks the log where it ends, by another way than the fetches. Rejects with `FencedError` after
   * the stop, like all questions.
   */
  logEnds(): Promise<readonly LogEnd[]>;
  /** What has not answered a fetch for long, in words; null where nothing is late. */
  unanswered?(): string | null;
  /**
   * Leaves the group and joins it again, for a source that brings nothing any more. First all
   * partitions are lost. It tries until it succeeds or the source is stopped. Errors that do not go
   * away by trying go to `failed`. Never rejects.
   */
  rejoin(): Promise<void>;
  /** Leaves the group. Commits nothing. */
  stop(): Promise<void>;
}

/** An encoded RecordBatch for one output partition. */
export interface ResultBatch extends TopicPartition {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly recordCount: number;
}

/** Appends record batches to topics. */
export interface Sink {
  start(): Promise<void>;
  /**
   * Resolves to the partition count of a topic. Rejects with `MissingTopicError` when the topic was
   * not there for `patienceMs`. The default is the time that the log takes to make a new topic
   * known.
   */
  partitionCount(topic: string, patienceMs?: number): Promise<number>;
  /**
   * Appends the batches. Those of one partition keep the given order, and come after those of
   * earlier calls. Resolves when all replicas in sync have all batches. A rejection means that some
   * may be missing: call again with the same batches. `answered`: with these batches all records of
   * that partition of the input below that offset have their answers. A sink with transactions
   * commits this offset together with them. Topics are written one after the other, in the order of
   * their first batches: nothing is appended to a later topic while something is missing in an
   * earlier one. Rejects with `SinkError`; for `RefusedRecordsError` and `PartitionGoneError` it is
   * not enough to call again. Resolves to the batches whose bytes nobody reads any more: their
   * buffers may be used again.
   */
  produce(batches: readonly ResultBatch[], answered?: CommitOffset): Promise<readonly ResultBatch[]>;
  stop(): Promise<void>;
}

/** The generation of this commit has ended. */
export class FencedError extends ScorelaneError {
  readonly code = 'SCORELANE_FENCED';
}

export class MissingTopicError extends ScorelaneError {
  readonly code = 'SCORELANE_MISSING_TOPIC';
}

/** Records were not acknowledged. */
export class SinkError extends ScorelaneError {
  readonly code: ErrorCode = 'SCORELANE_SINK';
  /**
   * To try again soon may help (broker away). Otherwise somebody must act first (no such topic, too
   * large).
   */
  readonly retriable: boolean;
  constructor(message: string, options: { readonly retriable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retriable = options.retriable;
  }
}

/** Records of one batch that the topic will never take. */
export interface Refusal {
  readonly batch: ResultBatch;
  /** The records below this index are appended: only the others are missing. */
  readonly appended: number;
  /** The refused records, by their index in the batch. None is below `appended`. */
  readonly records: readonly { readonly index: number; readonly message: string }[];
  /** Whether the topic refuses them because of their timestamps. */
  readonly ofTime: boolean;
}

/**
 * There are records that the topic will never take: too large, with a timestamp out of bounds, or
 * without a key that the topic needs.
 */
export class RefusedRecordsError extends SinkError {
  override readonly code: ErrorCode = 'SCORELANE_RECORDS_REFUSED';
  readonly refusals: readonly Refusal[];
  constructor(refusals: readonly Refusal[], cause?: unknown) {
    super(refusals.map(wordsOf).join('; '), { retriable: false, cause });
    this.refusals = refusals;
  }
}

const wordsOf = ({ batch, records }: Refusal): string => {
  const [first] = records;
  const more = records.length > 1 ? `, and ${records.length - 1} others` : '';
  return `${keyOf(batch)} refuses record ${first?.index} of a batch of ${batch.recordCount}${more}: ${first?.message}`;
};

/**
 * The topic or this partition of it does not exist: it may have been made again after its
 * partitions were counted.
 */
export class PartitionGoneError extends SinkError {
  override readonly code: ErrorCode = 'SCORELANE_PARTITION_GONE';
}

/** Where a partition ends for a reader, as the log tells it. */
export interface LogEnd extends TopicPartition {
  readonly logEnd: number;
}
